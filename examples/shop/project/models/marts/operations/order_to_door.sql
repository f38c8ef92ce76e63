/* larder
description: How long parcels take from order to door, by the day they left and carrier.
grain: [shipped_on, carrier]
columns:
  shipped_on:
    description: The business day they left
  carrier:
    description: Who carried them
  parcels:
    description: Parcels that left
    unit: parcel
  delivered:
    description: Of them, those that have arrived
    unit: parcel
  as_promised:
    description: Of them, those that arrived within the promised days of leaving
    unit: parcel
  failed_attempts:
    description: How often nobody was home
  average_hours:
    description: Hours from order to door, of those delivered
    type: decimal(10,1)
    unit: hour
  slowest_hours:
    description: The slowest of them
    type: decimal(10,1)
    unit: hour
checks:
  - each_of_the_one_before:
      rows: as_promised <= delivered and delivered <= parcels
  - sum(parcels) by carrier over shipped_on within 2.5 stddev of last 28 days
*/

-- $promised_days is set in larder.yml: change it there, and only what uses it
-- is built again.
select
    shipped_on,
    carrier,
    count(*) as parcels,
    count(delivered_on) as delivered,
    count(case when delivered_on - shipped_on <= $promised_days then 1 end) as as_promised,
    cast(sum(failed_attempts) as bigint) as failed_attempts,
    cast(avg(hours_to_door) as decimal(10,1)) as average_hours,
    max(hours_to_door) as slowest_hours
from warehouse.shipments
group by shipped_on, carrier
