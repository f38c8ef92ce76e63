package main

import (
	"context"
	"errors"
	"time"

	"github.com/larder-data/larder/examples/shop"
	"github.com/larder-data/larder/examples/shop/vendors"
)

// vendor is an API that is served, and what it wants to see.
type vendor struct {
	Name    string   `json:"name"`
	Address string   `json:"address"`
	Access  []string `json:"access"` // each "what: value"
}

// serveVendors serves the shop's vendors, in real time, until it is told to stop.
func (p *program) serveVendors(ctx context.Context, args []string, options shop.Options) (err error) {
	addr := "127.0.0.1:8025"
	if len(args) == 1 {
		addr = args[0]
	}
	w, err := vendors.Start(addr, vendors.Options{Shop: options, Now: time.Now, Limits: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Stop()) }()
	served := []vendor{
		{"shop", w.URL() + "/shop/v1/orders", []string{"Authorization: Bearer " + vendors.ShopKey}},
		{"ads", w.URL() + "/ads/v1/spend?from=" + w.Today() + "&to=" + w.Today(), []string{"X-Api-Key: " + vendors.AdsKey}},
		{"payments", w.URL() + "/payments/v1/transactions", []string{
			"token from: " + w.URL() + "/payments/oauth/token",
			"client_id: " + vendors.PaymentsClient, "client_secret: " + vendors.PaymentsSecret,
		}},
		{"carrier", w.URL() + "/carrier/v1/events?received_from=" + w.Today() + "&received_to=" + dayAfter(w.Today()), []string{
			"user: " + vendors.CarrierUser, "password: " + vendors.CarrierPassword,
		}},
		{"bucket", w.URL() + "/" + vendors.BucketName, []string{
			"S3, path style", "access key: " + vendors.BucketKey, "secret key: " + vendors.BucketSecret,
		}},
	}
	if p.json {
		if err := p.answer(map[string]any{"url": w.URL(), "first": w.Summary().First, "today": w.Today(), "vendors": served}); err != nil {
			return err
		}
	} else {
		p.tellVendors(w, served)
	}
	<-ctx.Done()
	return nil
}

func (p *program) tellVendors(w *vendors.World, served []vendor) {
	s := w.Summary()
	p.printf("The shop's vendors, %s to %s, %s orders.\n\n", s.First, w.Today(), number(int64(s.Orders)))
	for _, v := range served {
		p.printf("%s  %s\n", p.paint(strong, v.Name), v.Address)
		for _, access := range v.Access {
			p.printf("  %s\n", access)
		}
	}
	p.printf("\nFor example\n  curl -H 'Authorization: Bearer %s' '%s/shop/v1/orders?limit=2'\n", vendors.ShopKey, w.URL())
	p.printf("\nThey answer until Ctrl-C.\n")
}

// dayAfter is the day after another, "2025-02-01" after "2025-01-31".
func dayAfter(day string) string {
	date, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return date.AddDate(0, 0, 1).Format(time.DateOnly)
}
