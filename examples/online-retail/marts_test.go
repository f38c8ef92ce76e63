package onlineretail_test

var finance = []figure{
	{
		"net sales in all",
		`select count(*), sum(gross_sales), sum(cancelled_sales), sum(net_sales), sum(carriage), sum(bookkeeping),
			sum(repeated_lines), sum(repeated_sales) from finance.net_sales_daily`,
		[]string{"2394 | 14662768.845 | -823158.260 | 13839610.585 | 277747.900 | -279663.640 | 8556 | 41786.470"},
	},
	{
		// The first and last day, bad debt, three days delivered twice and the
		// day after them, the day 74,215 jars were sold and cancelled.
		"net sales of single days",
		`select invoice_on, sum(orders), sum(cancellations), sum(units), sum(gross_sales), sum(cancelled_sales),
			sum(net_sales), sum(bookkeeping), sum(repeated_lines) from finance.net_sales_daily
			where invoice_on in ('2009-12-01', '2010-04-29', '2010-12-05', '2010-12-06', '2010-12-09', '2010-12-10',
				'2011-01-18', '2011-06-30') group by 1 order by 1`,
		[]string{
			"2009-12-01 | 119 | 39 | 25804 | 54513.500 | -1340.470 | 53173.030 | 0.000 | 37",
			"2010-04-29 | 84 | 16 | 17254 | 32848.171 | -454.050 | 32394.121 | -54606.730 | 20",
			"2010-12-05 | 88 | 7 | 16395 | 31774.950 | -391.000 | 31383.950 | 0.000 | 105",
			"2010-12-06 | 102 | 18 | 21652 | 54830.460 | -970.280 | 53860.180 | 0.000 | 48",
			"2010-12-09 | 107 | 34 | 20219 | 53586.180 | -1054.050 | 52532.130 | 0.000 | 10",
			"2010-12-10 | 77 | 7 | 20491 | 59182.920 | -1778.010 | 57404.910 | 0.000 | 31",
			"2011-01-18 | 40 | 8 | 8733 | 95963.050 | -77297.250 | 18665.800 | 15.000 | 7",
			"2011-06-30 | 70 | 9 | 21335 | 44797.310 | -962.760 | 43834.550 | 0.000 | 6",
		},
	},
	{
		"net sales of single days and countries",
		`select invoice_on, country, orders, cancellations, units, gross_sales, cancelled_sales, net_sales, repeated_lines
			from finance.net_sales_daily where invoice_on in ('2010-12-06', '2011-06-30')
			and country in ('Germany', 'United Kingdom') order by 1, 2`,
		[]string{
			"2010-12-06 | Germany | 1 | 1 | 85 | 196.440 | -34.000 | 162.440 | 0",
			"2010-12-06 | United Kingdom | 97 | 16 | 20902 | 53322.120 | -919.280 | 52402.840 | 48",
			"2011-06-30 | Germany | 3 | 0 | 797 | 1199.120 | 0.000 | 1199.120 | 0",
			"2011-06-30 | United Kingdom | 63 | 8 | 19325 | 40916.970 | -932.760 | 39984.210 | 6",
		},
	},
	{
		"best countries",
		`select country, sum(net_sales) from finance.net_sales_daily group by 1 order by 2 desc limit 6`,
		[]string{
			"United Kingdom | 11804587.234", "EIRE | 450084.120", "Netherlands | 403438.960",
			"Germany | 295534.101", "France | 212198.300", "Australia | 110266.900",
		},
	},
	{
		"a country that returned more than it bought",
		`select country, sum(net_sales) from finance.net_sales_daily group by 1 having sum(net_sales) < 0`,
		[]string{"Nigeria | -34.480"},
	},
	{
		"net sales by month",
		`select strftime(invoice_on, '%Y-%m'), sum(net_sales) from finance.net_sales_daily group by 1 order by 1`,
		[]string{
			"2009-12 | 800582.040", "2010-01 | 617144.592", "2010-02 | 533543.966", "2010-03 | 766856.811",
			"2010-04 | 645845.352", "2010-05 | 616599.160", "2010-06 | 681151.570", "2010-07 | 619827.810",
			"2010-08 | 676044.720", "2010-09 | 854012.241", "2010-10 | 1084837.120", "2010-11 | 1422639.642",
			"2010-12 | 789247.400", "2011-01 | 594377.140", "2011-02 | 509856.830", "2011-03 | 694568.770",
			"2011-04 | 493667.811", "2011-05 | 736811.660", "2011-06 | 701995.950",
		},
	},
}

var merchandising = []figure{
	{
		"articles in all",
		`select count(*), sum(net_sales), sum(units_sold), sum(units_cancelled), sum(units_written_off)
			from merchandising.product_performance`,
		[]string{"4783 | 13650512.495 | 8352675 | 325461 | 471769"},
	},
	{
		"best articles",
		`select place, stock_code, description, units_sold, units_cancelled, units_written_off, gross_sales, net_sales
			from merchandising.product_performance where place <= 5 order by place`,
		[]string{
			"1 | 22423 | REGENCY CAKESTAND 3 TIER | 21181 | 1065 | 349 | 263855.890 | 251652.340",
			"2 | 85123A | WHITE HANGING HEART T-LIGHT HOLDER | 83735 | 3588 | 192 | 218427.570 | 209182.620",
			"3 | 85099B | JUMBO BAG RED RETROSPOT | 71899 | 249 | 1400 | 132710.830 | 132268.980",
			"4 | 47566 | PARTY BUNTING | 21002 | 147 | 850 | 108345.960 | 107700.710",
			"5 | 84879 | ASSORTED COLOUR BIRD ORNAMENT | 59495 | 469 | 601 | 96385.660 | 95682.570",
		},
	},
	{
		// 74,215 jars ordered and cancelled within minutes; an article that
		// costs a tenth of a penny.
		"odd articles",
		`select stock_code, place, units_sold, units_cancelled, gross_sales, net_sales, cancelled_share
			from merchandising.product_performance where stock_code in ('23166', 'PADS') order by 1`,
		[]string{
			"23166 | 1899 | 75413 | 74464 | 78548.050 | 1105.490 | 0.9874",
			"PADS | 4779 | 15 | 1 | 0.015 | -36.585 | 0.0667",
		},
	},
	{
		"orders of the best articles, from the months",
		`select stock_code, sum(orders) from merchandising.product_sales_monthly
			where stock_code in ('22423', '85123A', '85099B') group by 1 order by 1`,
		[]string{"22423 | 3062", "85099B | 2945", "85123A | 4478"},
	},
}

var marketing = []figure{
	{
		"cohort sizes",
		`select strftime(cohort_month, '%Y-%m'), cohort_size from marketing.customer_cohorts
			where months_since = 0 order by 1`,
		[]string{
			"2009-12 | 954", "2010-01 | 369", "2010-02 | 374", "2010-03 | 445", "2010-04 | 295", "2010-05 | 255",
			"2010-06 | 270", "2010-07 | 186", "2010-08 | 163", "2010-09 | 243", "2010-10 | 377", "2010-11 | 325",
			"2010-12 | 76", "2011-01 | 71", "2011-02 | 124", "2011-03 | 179", "2011-04 | 106", "2011-05 | 111",
			"2011-06 | 108",
		},
	},
	{
		"cohorts later on",
		`select strftime(cohort_month, '%Y-%m'), months_since, cohort_size, customers, orders, net_sales, retained
			from marketing.customer_cohorts where (cohort_month, months_since) in (('2009-12-01', 1), ('2009-12-01', 12),
			('2009-12-01', 18), ('2010-06-01', 3), ('2011-01-01', 5)) order by 1, 2`,
		[]string{
			"2009-12 | 1 | 954 | 334 | 548 | 393404.541 | 0.3501",
			"2009-12 | 12 | 954 | 358 | 717 | 344549.260 | 0.3753",
			"2009-12 | 18 | 954 | 270 | 487 | 280293.630 | 0.2830",
			"2010-06 | 3 | 270 | 55 | 66 | 25901.900 | 0.2037",
			"2011-01 | 5 | 71 | 11 | 18 | 6446.850 | 0.1549",
		},
	},
	{
		"first and repeat orders by month",
		`select strftime(month, '%Y-%m'), first_orders, repeat_orders, customers, first_order_sales,
			repeat_order_sales, days_since_previous from marketing.repeat_orders
			where month in ('2009-12-01', '2010-11-01', '2011-06-01') order by 1`,
		[]string{
			"2009-12 | 954 | 552 | 954 | 401450.350 | 285075.310 | 2672",
			"2010-11 | 325 | 2260 | 1607 | 136264.320 | 1036041.722 | 101575",
			"2011-06 | 108 | 1285 | 991 | 41526.010 | 619687.680 | 80936",
		},
	},
	{
		"first and repeat orders in all",
		`select sum(orders), sum(first_orders), sum(repeat_orders), sum(days_since_previous) from marketing.repeat_orders`,
		[]string{"27171 | 5031 | 22140 | 1009674"},
	},
}
