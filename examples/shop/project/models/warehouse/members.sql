/* larder
description: One row per member, as they are now.
grain: [member_id]
columns:
  member_id:
    description: The member's number
    required: true
  name:
    description: First and last name. Personal, because the columns it is made of are
  email:
    description: Where the member is written to
  town:
    description: Where parcels go
  country:
    description: GB, IE or US
  currency:
    description: What the member pays in
  plan:
    description: monthly or annual
  status:
    description: active, or left
  joined_on:
    description: The first day of membership
  campaign_id:
    description: The campaign that brought the member, or organic
    required: true
checks:
  - row_count > 0
*/
select
    member_id,
    first_name || ' ' || last_name as name,
    email,
    town,
    country,
    currency,
    plan,
    status,
    joined_on,
    coalesce(campaign_id, 'organic') as campaign_id
from lake.shop_members
