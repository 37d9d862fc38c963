"""One order as a checkout in Python sends it, with the standard library alone: list, perform, revert."""

import sys
import urllib.error
import urllib.request

url, *bodies = sys.argv[1:]
for body in bodies:
    request = urllib.request.Request(
        url, body.encode(), {"Content-Type": "application/json", "x-source": "checkout"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request) as response:
            print(response.status, response.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            print(error.code, error.read().decode())
