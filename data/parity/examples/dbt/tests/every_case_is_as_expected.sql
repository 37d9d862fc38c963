-- Orders whose points, discount or payable are not those of the suite; a test of dbt passes if there is none.
SELECT expected.order_id
FROM {{ ref('expected') }} AS expected
LEFT JOIN {{ ref('redemption') }} AS given ON given.order_id = expected.order_id
WHERE given.points_redeemed IS DISTINCT FROM expected.points_redeemed
  OR given.discount IS DISTINCT FROM expected.discount
  OR given.payable IS DISTINCT FROM expected.payable
