{% macro nector_redemption(relation) %}
-- Redemption of points at the checkout: 'Default at GoKwik', in INR. Written by nector-sim export from
-- the redemption law (data/law/redemption.md), whose steps and sections the comments name. Do not
-- edit; export again. Dialect: duckdb. It is run by nector-sim's tests.
-- Columns of {{ relation }}: order_id, cart_amount (in INR), points_balance, credits (in INR, or NULL), points_requested (or NULL), eligible_amount (in INR, or NULL).
-- A row that cannot be used (a blank or negative cart, an amount finer than the currency) has no results.
WITH
checked AS (
  SELECT order_id, cart_amount, points_balance, credits, points_requested, eligible_amount,
    (cart_amount IS NOT NULL AND CASE WHEN cart_amount >= 0 AND cart_amount <= 9000000000.00 THEN CAST(cart_amount AS DECIMAL(18, 6)) * 100 = ROUND(CAST(cart_amount AS DECIMAL(18, 6)) * 100) ELSE FALSE END)
    AND (points_balance IS NOT NULL AND points_balance <= 1000000000000)
    AND (credits IS NULL OR CASE WHEN credits >= 0 AND credits <= 9000000000.00 THEN CAST(credits AS DECIMAL(18, 6)) * 100 = ROUND(CAST(credits AS DECIMAL(18, 6)) * 100) ELSE FALSE END)
    AND (points_requested IS NULL OR points_requested <= 1000000000000)
    AND (eligible_amount IS NULL OR (CASE WHEN eligible_amount >= 0 AND eligible_amount <= 9000000000.00 THEN CAST(eligible_amount AS DECIMAL(18, 6)) * 100 = ROUND(CAST(eligible_amount AS DECIMAL(18, 6)) * 100) ELSE FALSE END AND eligible_amount <= cart_amount)) AS usable
  FROM {{ relation }}
), layer_0 AS (
  SELECT order_id, usable,
    CASE WHEN NOT usable THEN 0 ELSE CAST(ROUND(CAST(cart_amount AS DECIMAL(18, 6)) * 100) AS BIGINT) END AS cart,
    CASE WHEN NOT usable THEN 0 WHEN points_balance <= 0 THEN 0 ELSE CAST(FLOOR(points_balance) AS BIGINT) END AS balance,
    CASE WHEN NOT usable OR credits IS NULL THEN 0 ELSE CAST(ROUND(CAST(credits AS DECIMAL(18, 6)) * 100) AS BIGINT) END AS credits,
    CASE WHEN NOT usable THEN 0 WHEN points_requested IS NULL THEN NULL WHEN points_requested <= 0 THEN 0 ELSE CAST(FLOOR(points_requested) AS BIGINT) END AS requested,
    CASE WHEN NOT usable THEN 0 WHEN eligible_amount IS NULL THEN NULL ELSE CAST(ROUND(CAST(eligible_amount AS DECIMAL(18, 6)) * 100) AS BIGINT) END AS eligible
  FROM checked
), layer_1 AS (
  SELECT order_id, usable, cart, balance,
    LEAST(credits, cart) AS credits_used, -- step 2: credits first, at most the cart
    CAST(CASE WHEN (eligible IS NULL) THEN cart ELSE eligible END AS BIGINT) AS eligible_part, -- section 1: left out, points may pay all of the cart
    CAST(CASE WHEN (requested IS NULL) THEN 1000000000001 ELSE requested END AS BIGINT) AS asked -- step 8: no request asks for as much as allowed
  FROM layer_0
), layer_2 AS (
  SELECT order_id, usable, balance, credits_used, eligible_part, asked,
    cart - credits_used AS left_to_pay -- step 2: what credits leave
  FROM layer_1
), layer_3 AS (
  SELECT order_id, usable, balance, credits_used, asked, left_to_pay,
    LEAST(left_to_pay, eligible_part) AS left_eligible, -- step 4: what of it is left to pay
    GREATEST(left_to_pay - 10000, 0) AS room -- steps 1 and 4: what the minimum payable leaves for points
  FROM layer_2
), layer_4 AS (
  SELECT order_id, usable, balance, credits_used, asked, left_to_pay,
    (left_eligible // 100) AS o0_by_cart, -- step 4: what is left to pay
    (room // 100) AS o0_by_room -- step 4: the minimum payable
  FROM layer_3
), layer_5 AS (
  SELECT order_id, usable, balance, credits_used, asked, left_to_pay, o0_by_cart,
    LEAST(balance, asked, o0_by_cart, o0_by_room, 1000) AS o0_steps -- step 4
  FROM layer_4
), layer_6 AS (
  SELECT order_id, usable, credits_used, left_to_pay, o0_steps,
    CASE WHEN (balance = o0_steps) THEN 'balance' WHEN (asked = o0_steps) THEN 'requested' WHEN (o0_by_cart = o0_steps) THEN 'cart' WHEN (1000 = o0_steps) THEN 'max_discount' ELSE 'min_payable' END AS o0_limit, -- section 5: the first limit that holds
    o0_steps * 100 AS o0_gives -- step 6: n steps
  FROM layer_5
), layer_7 AS (
  SELECT order_id, usable, credits_used, o0_steps, o0_limit, o0_gives,
    0 < o0_gives AS o0_wins, -- section 4: this offer is used
    left_to_pay - o0_gives AS payable -- step 6
  FROM layer_6
), layer_8 AS (
  SELECT order_id, usable, credits_used, o0_steps, o0_limit, o0_gives, payable,
    CASE WHEN o0_wins THEN 'offers.0' ELSE '' END AS offer -- section 4
  FROM layer_7
)
SELECT
  order_id,
  CASE WHEN usable THEN offer END AS offer,
  CASE WHEN usable THEN o0_steps END AS points_redeemed,
  CASE WHEN usable THEN CAST(o0_gives * 0.01 AS DECIMAL(18, 2)) END AS discount,
  CASE WHEN usable THEN CAST(payable * 0.01 AS DECIMAL(18, 2)) END AS payable,
  CASE WHEN usable THEN o0_limit END AS limited_by,
  CASE WHEN usable THEN CAST(credits_used * 0.01 AS DECIMAL(18, 2)) END AS credits_used
FROM layer_8
{% endmacro %}
