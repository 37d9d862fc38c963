"""The picture of a timeline."""

import pandas as pd

import nector_sim as ns
from nector_sim.pictures.style import new_figure, png
from nector_sim.pictures.timeline import draw_timeline


def test_bars_and_line_show_the_timeline():
    orders = pd.DataFrame(
        {
            "order_id": ["a", "b"],
            "customer_id": ["c", "c"],
            "ordered_at": ["2026-01-10", "2026-03-10"],
            "cart_amount": [1000, 1000],
        }
    )
    offer = {"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1}
    program = ns.Program.parse({"offers": [offer], "earning": {"points_per_unit": "0.1"}})
    figure = new_figure()
    axes = figure.subplots()
    assert draw_timeline(ns.replay(program, orders).timeline(), axes, points_label="coins") is axes
    # 100 earned in January; 100 redeemed and 90 earned on 900 in March.
    assert [bar.get_height() for bar in axes.containers[0]] == [100, 0, 90]
    assert [bar.get_height() for bar in axes.containers[1]] == [0, 0, -100]
    assert axes.lines[0].get_ydata().tolist() == [100, 100, 90]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2026-01", "2026-02", "2026-03"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "outstanding at the end",
        "earned",
        "redeemed",
    ]
    assert axes.get_ylabel() == "coins a month"
    assert png(figure).startswith(b"\x89PNG")
