package mysql

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/project"
)

// parameters are what an address may say behind its question mark.
var parameters = []string{"tls", "ca", "socket"}

// encryptions are the values of tls, as the driver names them.
var encryptions = map[string]string{"off": "false", "preferred": "preferred", "required": "skip-verify", "verify": "true"}

// address reads where the database is. Its faults never show the address: it
// may hold a password.
func address(from project.Placed[string]) (*driver.Config, error) {
	bad := func(format string, args ...any) *fault.Error {
		problem := from.Fault("url: "+format, args...)
		problem.Where.Text = ""
		return problem
	}
	at, err := url.Parse(from.Value)
	if err != nil || at.Scheme != "mysql" && at.Scheme != "mariadb" || at.Opaque != "" {
		return nil, bad("is no address of a MySQL database").WithHint("for instance mysql://reader:${SHOP_PASSWORD}@db.example.com:3306/shop; signs such as @ and / in a password are written %%40 and %%2F")
	}
	config := driver.NewConfig()
	config.User = at.User.Username()
	config.Passwd, _ = at.User.Password()
	config.DBName = strings.TrimPrefix(at.Path, "/")
	config.Net, config.Addr = "tcp", net.JoinHostPort(at.Hostname(), portOf(at))
	if config.DBName == "" || strings.Contains(config.DBName, "/") {
		return nil, bad("names no database").WithHint("write it at the end: mysql://reader@db.example.com/shop")
	}
	options := at.Query()
	for name := range options {
		if !slices.Contains(parameters, name) {
			return nil, bad("%s means nothing here", name).WithHint("%s", fault.DidYouMean(name, parameters))
		}
	}
	if path := options.Get("socket"); path != "" {
		config.Net, config.Addr = "unix", path
	} else if at.Hostname() == "" {
		return nil, bad("names no host")
	}
	return config, encrypt(config, at.Hostname(), options, bad)
}

func portOf(at *url.URL) string {
	if port := at.Port(); port != "" {
		return port
	}
	return "3306"
}

// encrypt decides how the connection is protected: as well as the server can,
// unless tls= says more or less.
func encrypt(config *driver.Config, host string, options url.Values, bad func(string, ...any) *fault.Error) error {
	mode := "preferred"
	if given := options.Get("tls"); given != "" {
		mode = given
	}
	named, ok := encryptions[mode]
	if !ok {
		return bad("tls=%s means nothing", mode).WithHint("off, preferred (the default), required, or verify, which also proves that it is the right server")
	}
	config.TLSConfig = named
	path := options.Get("ca")
	if path == "" {
		return nil
	}
	if mode != "verify" {
		return bad("ca= means nothing without tls=verify")
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return bad("the certificates of ca= cannot be read: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return bad("%s holds no certificate", path)
	}
	config.TLS = &tls.Config{RootCAs: roots, ServerName: host, MinVersion: tls.VersionTLS12}
	return nil
}

// prepare sets what every session is told: texts in UTF-8, instants in UTC, time
// enough for a reader that is slower than the server.
func prepare(config *driver.Config) error {
	config.Logger = &driver.NopLogger{}
	config.Timeout = 15 * time.Second
	config.ConnectionAttributes = "program_name:larder"
	config.Params = map[string]string{"time_zone": "'+00:00'", "net_write_timeout": "3600", "wait_timeout": "28800"}
	return config.Apply(driver.Charset("utf8mb4", ""))
}
