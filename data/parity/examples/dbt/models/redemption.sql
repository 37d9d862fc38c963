{{ nector_redemption(ref('orders')) }}
