"""What all tests share."""

from hypothesis import settings

# The same examples in every run, so that a failure is never luck; the campaigns of `make long` draw at random.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")
