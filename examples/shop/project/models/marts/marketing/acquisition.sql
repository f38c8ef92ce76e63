/* larder
description: What new members cost, by month and campaign.
grain: [month, campaign_id]
columns:
  month:
    description: First day of the month
  campaign_id:
    description: The campaign, or organic for members who came by themselves
  clicks:
    description: Clicks on its advertisements
  new_members:
    description: Members it brought
    unit: member
  spend_gbp:
    description: What it spent
    type: decimal(18,2)
    currency: GBP
  cost_per_member:
    description: Spend for each new member; nothing when there was none
    type: decimal(18,2)
    currency: GBP
    unit: GBP/member
checks:
  - row_count > 0
  - spend_ties_to_warehouse:
      that: sum(spend_gbp)
      equals:
        from: warehouse.campaign_spend
*/
with movements as (
    select
        cast(date_trunc('month', spent_on) as date) as month,
        campaign_id,
        clicks,
        0 as new_members,
        spend_gbp
    from warehouse.campaign_spend

    union all

    select
        cast(date_trunc('month', joined_on) as date) as month,
        campaign_id,
        0 as clicks,
        1 as new_members,
        0 as spend_gbp
    from warehouse.members
    where joined_on >= (select min(spent_on) from warehouse.campaign_spend)
)

select
    month,
    campaign_id,
    cast(sum(clicks) as bigint) as clicks,
    cast(sum(new_members) as bigint) as new_members,
    cast(sum(spend_gbp) as decimal(18,2)) as spend_gbp,
    -- A quotient is a float; money goes back to decimal at once.
    cast(sum(spend_gbp) / nullif(sum(new_members), 0) as decimal(18,2)) as cost_per_member
from movements
group by month, campaign_id
