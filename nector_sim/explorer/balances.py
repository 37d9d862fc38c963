"""Where balances come from: the choice in the explorer, and the words that say which it is."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from nector_sim.exploration.prepared import History

#: What the choice says of each.
CHOICES: dict[History, str] = {
    "given balances": "as given in the orders",
    "as replayed": "as replayed: what a setting does not use stays for the next order",
}


class Balances(widgets.VBox):  # type: ignore[misc]
    """The choice between given balances and a replay, and below it an offer to fill in what a replay needs.

    Parameters
    ----------
    choose : callable
        Called with what was chosen; what it leaves in :attr:`chosen` is shown.
    offer : str
        What the button of the offer says.
    take_offer : callable
        Called when it is pressed.
    """

    def __init__(self, choose: Callable[[History], None], *, offer: str, take_offer: Callable[[], None]) -> None:
        self._choice = widgets.RadioButtons(
            options=[(words, history) for history, words in CHOICES.items()], layout=widgets.Layout(width="auto")
        )
        self._choice.observe(lambda change: choose(change["new"]), "value")
        self._offer = widgets.Button(description=offer, layout=widgets.Layout(width="auto"))
        self._offer.on_click(lambda _: take_offer())
        super().__init__([widgets.HTML("<h4>Balances</h4>"), self._choice, self._offer])
        self.add_class("nector-balances")
        self.offered = False

    @property
    def chosen(self) -> History:
        """What is chosen."""
        history: History = self._choice.value
        return history

    @chosen.setter
    def chosen(self, history: History) -> None:
        self._choice.value = history

    @property
    def offered(self) -> bool:
        """Whether the offer is in sight."""
        return bool(self._offer.layout.display != "none")

    @offered.setter
    def offered(self, is_offered: bool) -> None:
        self._offer.layout.display = "" if is_offered else "none"
