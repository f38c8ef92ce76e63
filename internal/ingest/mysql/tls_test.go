package mysql_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/mariadbtest"
)

// certificate writes a certificate for 127.0.0.1, signed by itself, and its key,
// for everybody to read: the server is another user.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "larder-tls")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "shop"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	signed, badCert := x509.CreateCertificate(rand.Reader, about, about, &private.PublicKey, private)
	secret, badKey := x509.MarshalPKCS8PrivateKey(private)
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if err := errors.Join(badCert, badKey, os.Chmod(dir, 0o755),
		os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}), 0o644),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o644)); err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func TestConnectionsAreEncryptedAsTold(t *testing.T) {
	cert, key := certificate(t)
	other, _ := certificate(t)
	server := mariadbtest.Start(t, "ssl-cert="+cert, "ssl-key="+key)
	y := newYard(t, server, "query: SELECT 1 AS one")
	y.client("CREATE USER shop REQUIRE SSL", "GRANT ALL ON *.* TO shop")
	at := server.URLAs("shop", "", y.base)
	for _, options := range []string{"", "?tls=preferred", "?tls=required", "?tls=verify&ca=" + cert} {
		y.source = sourceAt(y, at+options)
		if _, err := y.land(); err != nil {
			t.Errorf("%s: %v", options, err)
		}
	}
	y.source = sourceAt(y, at+"?tls=off")
	y.refused(fault.Denied, "Access denied")
	for _, options := range []string{"?tls=verify", "?tls=verify&ca=" + other} {
		y.source = sourceAt(y, at+options)
		y.refused(fault.Unreachable, "no secure connection")
	}
	y.source = sourceAt(y, at+"?tls=verify&ca="+key)
	y.refused(fault.Invalid, "holds no certificate")
}
