/* larder
description: Bank holidays in England and Wales, and Easter Sunday, for the years the data covers.
grain: [day]
columns:
  day:
    description: The day itself, or the weekday given in its place
    required: true
  name:
    description: What the day is
    required: true
*/
select
    cast(day as date) as day,
    name
from (
    values
        ('2009-12-25', 'Christmas Day'),
        ('2009-12-28', 'Boxing Day, in lieu'),
        ('2010-01-01', 'New Year''s Day'),
        ('2010-04-02', 'Good Friday'),
        ('2010-04-04', 'Easter Sunday'),
        ('2010-04-05', 'Easter Monday'),
        ('2010-05-03', 'Early May bank holiday'),
        ('2010-05-31', 'Spring bank holiday'),
        ('2010-08-30', 'Summer bank holiday'),
        ('2010-12-27', 'Christmas Day, in lieu'),
        ('2010-12-28', 'Boxing Day, in lieu'),
        ('2011-01-03', 'New Year''s Day, in lieu'),
        ('2011-04-22', 'Good Friday'),
        ('2011-04-24', 'Easter Sunday'),
        ('2011-04-25', 'Easter Monday'),
        ('2011-04-29', 'Royal wedding'),
        ('2011-05-02', 'Early May bank holiday'),
        ('2011-05-30', 'Spring bank holiday'),
        ('2011-08-29', 'Summer bank holiday'),
        ('2011-12-26', 'Boxing Day'),
        ('2011-12-27', 'Christmas Day, in lieu')
) as holidays (day, name)
