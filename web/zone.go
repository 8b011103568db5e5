package web

import (
	"net/http"
	"time"
)

// zoneCookie keeps the zone in which a reader wants to see times.
const zoneCookie = "zone"

// formTime is how forms write a time.
const formTime = "2006-01-02T15:04"

// offeredZones can be chosen; ?zone= takes every name of the IANA Time Zone
// Database.
func offeredZones() []string {
	return []string{"UTC", "Europe/London", "Europe/Berlin", "Europe/Helsinki", "America/New_York", "America/Chicago", "America/Los_Angeles", "America/Sao_Paulo", "Asia/Kolkata", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney"}
}

// here is now, in the zone of the reader: pages show times in the zone of
// their now.
func here(r *http.Request) time.Time {
	name := r.URL.Query().Get("zone")
	if c, err := r.Cookie(zoneCookie); err == nil && name == "" {
		name = c.Value
	}
	return time.Now().In(zoneOf(name))
}

// zoneOf is UTC when there is no such zone.
func zoneOf(name string) *time.Location {
	if zone, err := time.LoadLocation(name); err == nil && name != "Local" {
		return zone
	}
	return time.UTC
}

// keepZone remembers the zone that a reader chose.
func keepZone(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if machine(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		if name := r.URL.Query().Get("zone"); name != "" {
			http.SetCookie(w, &http.Cookie{Name: zoneCookie, Value: zoneOf(name).String(), Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode})
		}
		next.ServeHTTP(w, r)
	})
}
