// What a token server in Go without reused connections does for one login: bind as the service account and search the
// user, bind as the user, bind as the service account again and search its groups. The last argument is the number of
// connections with TLS: 1 for all three binds, or 3, one for each.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-ldap/ldap/v3"
)

type settings struct {
	url, serviceDN, servicePassword, peopleDN, groupsDN, password string
	isConnectedOnce                                               bool
	tls                                                           *tls.Config
}

func main() {
	callers, err := strconv.Atoi(os.Args[2])
	must(err)
	duration, err := time.ParseDuration(os.Args[3])
	must(err)
	authority, err := os.ReadFile(os.Args[4])
	must(err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	s := settings{
		url: os.Args[1], tls: &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"},
		serviceDN: os.Args[5], servicePassword: os.Args[6], peopleDN: os.Args[7], groupsDN: os.Args[8], password: os.Args[9],
		isConnectedOnce: os.Args[10] == "1",
	}
	var logins, next atomic.Int64
	end := time.Now().Add(duration)
	var group sync.WaitGroup
	for range callers {
		group.Add(1)
		go func() {
			defer group.Done()
			for time.Now().Before(end) {
				s.logIn(fmt.Sprintf("user-%d", next.Add(1)%200))
				logins.Add(1)
			}
		}()
	}
	group.Wait()
	fmt.Printf("%.1f\n", float64(logins.Load())/duration.Seconds())
}

func (s settings) logIn(user string) {
	dn := "uid=" + user + "," + s.peopleDN
	connection := s.connect()
	must(connection.Bind(s.serviceDN, s.servicePassword))
	_, err := connection.Search(ldap.NewSearchRequest(s.peopleDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 2, 0, false,
		"(&(objectClass=person)(uid="+user+"))", []string{"uid", "cn"}, nil))
	must(err)
	connection = s.next(connection)
	must(connection.Bind(dn, s.password))
	connection = s.next(connection)
	must(connection.Bind(s.serviceDN, s.servicePassword))
	_, err = connection.Search(ldap.NewSearchRequest(s.groupsDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
		"(member="+dn+")", []string{"cn"}, nil))
	must(err)
	must(connection.Close())
}

// The connection for the next bind.
func (s settings) next(connection *ldap.Conn) *ldap.Conn {
	if s.isConnectedOnce {
		return connection
	}
	must(connection.Close())
	return s.connect()
}

func (s settings) connect() *ldap.Conn {
	connection, err := ldap.DialURL(s.url, ldap.DialWithTLSConfig(s.tls))
	must(err)
	return connection
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
