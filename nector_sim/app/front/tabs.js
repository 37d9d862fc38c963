// The tabs, in their order. Each is { name, text, what, query, show }: `what` is asked of api/later (see later.py), with
// `query(page)` where there is one, and `show(found, page)` makes the elements of its panel. What `page` may do is in app.js.
import * as panels from "./panels.js";

export const TABS = [panels.levers, panels.orders, panels.setting, panels.sure, panels.type];
