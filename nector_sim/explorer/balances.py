"""Where balances come from: the choice in the explorer, and the words that say which it is."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

#: What the choice says of each.
CHOICES = {
    True: "replayed: what a setting does not use stays for the next order",
    False: "each order by itself, with the balance that came with it",
}


class BalancesChoice(widgets.VBox):  # type: ignore[misc]
    """The choice between a replay and each order by itself, and below it an offer to fill in what a replay needs.

    Parameters
    ----------
    choose : callable
        Called with what was chosen; what it leaves in :attr:`chosen` is shown.
    replayed : bool
        What is chosen to begin with.
    offer : str
        What the button of the offer says.
    take_offer : callable
        Called when it is pressed.
    """

    def __init__(
        self, choose: Callable[[bool], None], *, replayed: bool, offer: str, take_offer: Callable[[], None]
    ) -> None:
        self._choice = widgets.RadioButtons(
            options=[(words, choice) for choice, words in CHOICES.items()],
            value=replayed,
            layout=widgets.Layout(width="auto"),
        )
        self._choice.observe(lambda change: choose(change["new"]), "value")
        self._offer = widgets.Button(description=offer, layout=widgets.Layout(width="auto"))
        self._offer.on_click(lambda _: take_offer())
        super().__init__([widgets.HTML("<h4>Balances</h4>"), self._choice, self._offer])
        self.add_class("nector-balances")
        self.offered = False

    @property
    def chosen(self) -> bool:
        """Whether balances are replayed."""
        return bool(self._choice.value)

    @chosen.setter
    def chosen(self, replayed: bool) -> None:
        self._choice.value = replayed

    @property
    def offered(self) -> bool:
        """Whether the offer is in sight."""
        return bool(self._offer.layout.display != "none")

    @offered.setter
    def offered(self, is_offered: bool) -> None:
        self._offer.layout.display = "" if is_offered else "none"
