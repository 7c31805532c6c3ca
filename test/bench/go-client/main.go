// What a token server in Go without reused connections does for one login: connect with TLS, bind as the service
// account, search the user and its groups, bind as the user, and bind as the service account again.
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
	connection, err := ldap.DialURL(s.url, ldap.DialWithTLSConfig(s.tls))
	must(err)
	defer connection.Close()
	must(connection.Bind(s.serviceDN, s.servicePassword))
	dn := "uid=" + user + "," + s.peopleDN
	_, err = connection.Search(ldap.NewSearchRequest(s.peopleDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 2, 0, false,
		"(&(objectClass=person)(uid="+user+"))", []string{"uid", "cn"}, nil))
	must(err)
	must(connection.Bind(dn, s.password))
	must(connection.Bind(s.serviceDN, s.servicePassword))
	_, err = connection.Search(ldap.NewSearchRequest(s.groupsDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
		"(member="+dn+")", []string{"cn"}, nil))
	must(err)
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
