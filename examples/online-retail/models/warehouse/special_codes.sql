/* larder
description: Stock codes that are not articles, and what they stand for.
grain: [stock_code]
columns:
  stock_code:
    description: The code in capitals
    required: true
  item_kind:
    description: What lines with the code are about
    required: true
    accepted: [carriage, discount, manual, sample, voucher, bookkeeping, test]
*/
select
    stock_code,
    item_kind
from (
    values
        ('POST', 'carriage'),
        ('DOT', 'carriage'),
        ('C2', 'carriage'),
        ('C3', 'carriage'),
        ('D', 'discount'),
        ('M', 'manual'),
        ('S', 'sample'),
        ('GIFT', 'voucher'),
        ('GIFT_0001_10', 'voucher'),
        ('GIFT_0001_20', 'voucher'),
        ('GIFT_0001_30', 'voucher'),
        ('GIFT_0001_40', 'voucher'),
        ('GIFT_0001_50', 'voucher'),
        ('GIFT_0001_60', 'voucher'),
        ('GIFT_0001_70', 'voucher'),
        ('GIFT_0001_80', 'voucher'),
        ('GIFT_0001_90', 'voucher'),
        ('B', 'bookkeeping'),
        ('ADJUST', 'bookkeeping'),
        ('ADJUST2', 'bookkeeping'),
        ('AMAZONFEE', 'bookkeeping'),
        ('BANK CHARGES', 'bookkeeping'),
        ('CRUK', 'bookkeeping'),
        ('TEST001', 'test'),
        ('TEST002', 'test')
) as codes (stock_code, item_kind)
