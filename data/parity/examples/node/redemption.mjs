/* Redemption of points at the checkout: 'Default at GoKwik', in INR. Written by nector-sim export from
the redemption law (data/law/redemption.md), whose steps and sections the comments name. Do not
edit; export again. It runs in any browser and on Node, and needs nothing else. */

const DECIMALS = 2;
const LARGEST_AMOUNT = 900000000000; // minor units
const MOST_POINTS = 1000000000000;
const LEFT_OUT = []; // what orders never have
const FIELDS = [
  "cart_amount", "points_balance", "credits", "points_requested",
  "tier", "ordered_at", "eligible_amount", "coupon_discount",
];

/** Work out one order: money in minor units, `at` in microseconds since 1970 in UTC, all of them whole numbers. */
export function redeem(order) {
  const cart = order.cart;
  const balance = order.balance;
  const credits = order.credits ?? 0;
  const requested = order.requested ?? null;
  const eligible = order.eligible ?? null;
  // step 2: credits first, at most the cart
  const creditsUsed = Math.min(credits, cart);
  // step 2: what credits leave
  const leftToPay = cart - creditsUsed;
  // section 1: left out, points may pay all of the cart
  const eligiblePart = (eligible === null) ? cart : eligible;
  // step 4: what of it is left to pay
  const leftEligible = Math.min(leftToPay, eligiblePart);
  // steps 1 and 4: what the minimum payable leaves for points
  const room = Math.max(leftToPay - 10000, 0);
  // step 8: no request asks for as much as allowed
  const asked = (requested === null) ? 1000000000001 : requested;
  // step 4: what is left to pay
  const o0ByCart = Math.floor(leftEligible / 100);
  // step 4: the minimum payable
  const o0ByRoom = Math.floor(room / 100);
  // step 4
  const o0Steps = Math.min(balance, asked, o0ByCart, o0ByRoom, 1000);
  // section 5: the first limit that holds
  const o0Limit = (balance === o0Steps) ? "balance" : (asked === o0Steps) ? "requested" : (o0ByCart === o0Steps) ? "cart" : (1000 === o0Steps) ? "max_discount" : "min_payable";
  // step 6: n steps
  const o0Gives = o0Steps * 100;
  // section 4: this offer is used
  const o0Wins = 0 < o0Gives;
  // section 4
  const offer = o0Wins ? "offers.0" : "";
  // step 6
  const payable = leftToPay - o0Gives;
  return {
    offer: offer,
    points_redeemed: o0Steps,
    discount: o0Gives,
    payable: payable,
    limited_by: o0Limit,
    credits_used: creditsUsed,
  };
}

/**
 * Work out one order: money in major units, as text or numbers in, as text out.
 * `ordered_at` is a Date, or ISO 8601 text with a zone.
 */
export function quote(order) {
  const given = order;
  for (const name of Object.keys(given)) {
    if (!FIELDS.includes(name)) throw new RangeError(`${name} is not a field of an order`);
    if (LEFT_OUT.includes(name) && !isBlank(given[name])) {
      throw new RangeError(`${name} is not read by this calculator; export it without --leave-out ${name}`);
    }
  }
  const cart = minor("cart_amount", given.cart_amount);
  const eligible = isBlank(given.eligible_amount) ? null : minor("eligible_amount", given.eligible_amount);
  if (eligible !== null && eligible > cart) {
    throw new RangeError(`eligible_amount is ${String(given.eligible_amount)}, above the cart`);
  }
  const answer = redeem({
    cart,
    eligible,
    coupon: isBlank(given.coupon_discount) ? 0 : minor("coupon_discount", given.coupon_discount),
    balance: points("points_balance", given.points_balance),
    credits: isBlank(given.credits) ? 0 : minor("credits", given.credits),
    requested: isBlank(given.points_requested) ? null : points("points_requested", given.points_requested),
    tier: isBlank(given.tier) ? null : given.tier,
    at: isBlank(given.ordered_at) ? null : instant(given.ordered_at),
  });
  return {
    ...answer,
    discount: major(answer.discount),
    payable: major(answer.payable),
    credits_used: major(answer.credits_used),
  };
}

function isBlank(value) {
  return value === undefined || value === null || value !== value || (typeof value === "string" && !value.trim());
}

function digits(name, value) {
  const text = typeof value === "number" ? plainText(value) : typeof value === "string" ? value.trim() : "";
  const found = text.match(/^([+-]?)(\d+)(?:\.(\d*))?$/);
  if (!found) throw new RangeError(`${name} is ${String(value)}, not a number such as 749.95`);
  return found;
}

function plainText(value) {
  // Numbers below 1e-6 or above 1e21 are printed with an exponent; to this many decimals they are 0 or too large.
  return String(value).includes("e") ? value.toFixed(10) : String(value);
}

function minor(name, value) {
  const scale = 10 ** DECIMALS;
  let amount;
  let exact;
  const [, sign, whole, behind = ""] = digits(name, value);
  if (typeof value === "number") {
    amount = Math.round(value * scale);
    exact = Math.abs(value - amount / scale) <= 1e-6;
  } else {
    amount = Number(sign + whole + behind.slice(0, DECIMALS).padEnd(DECIMALS, "0"));
    exact = /^0*$/.test(behind.slice(DECIMALS));
  }
  if (!exact) throw new RangeError(`${name} is ${String(value)}, finer than ${DECIMALS} decimals`);
  if (!(amount >= 0 && amount <= LARGEST_AMOUNT)) {
    throw new RangeError(`${name} is ${String(value)}; it must be from 0 to ${major(LARGEST_AMOUNT)}`);
  }
  return amount === 0 ? 0 : amount;
}

function points(name, value) {
  const [, sign, whole, behind = ""] = digits(name, value);
  if (sign === "-") return 0;
  const most = Number(whole) === MOST_POINTS && /[1-9]/.test(behind);
  if (Number(whole) > MOST_POINTS || most) {
    throw new RangeError(`${name} is ${String(value)}; it must be at most ${MOST_POINTS}`);
  }
  return Number(whole);
}

function instant(value) {
  if (value instanceof Date) return value.getTime() * 1000;
  const pattern = /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)$/;
  const found = String(value).match(pattern);
  if (!found) throw new RangeError(`ordered_at is ${String(value)}; write a time with a zone, such as +05:30 or Z`);
  const second = Date.parse(found[1].replace(" ", "T") + found[3]);
  if (Number.isNaN(second)) throw new RangeError(`ordered_at is ${String(value)}, which no calendar has`);
  return second * 1000 + Number((found[2] ?? "").padEnd(6, "0"));
}

function major(amount) {
  const text = String(amount).padStart(DECIMALS + 1, "0");
  return DECIMALS ? `${text.slice(0, -DECIMALS)}.${text.slice(-DECIMALS)}` : text;
}
