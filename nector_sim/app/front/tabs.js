// The tabs, in their order. Each is { name, text, what, query, shows, show }: `what` is asked of api/later (see later.py),
// with `query(page)` where there is one, and `show(found, page)` makes the elements of its panel, anew when `shows(page)`
// is another text: what it shows of the state beside what was found. What `page` may do is in app.js.
import * as panels from "./panels.js";
import { ahead } from "./ahead.js";
import { find } from "./find.js";
import { scenarios } from "./scenarios.js";
import { which } from "./which.js";

export const TABS = [panels.levers, which, scenarios, panels.orders, panels.setting, ahead, find, panels.sure, panels.type];
