package ledger

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// encode returns the bytes under which the ledger keeps v: encoding/json of
// v after its times were cut to microseconds in UTC (what Postgres and every
// reader keep of a time) and NUL in texts, which Postgres has no room for,
// was replaced by U+FFFD, as encoding/json replaces invalid UTF-8. Encoding
// what was decoded from these bytes gives the same bytes.
func encode[T any](v T) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode: %w: %w", ErrInvalid, err)
	}
	var copied T // so that the caller's slices are left alone
	if err := json.Unmarshal(raw, &copied); err != nil {
		return nil, fmt.Errorf("encode: %w: %w", ErrInvalid, err)
	}
	normalise(reflect.ValueOf(&copied).Elem())
	return json.Marshal(copied)
}

// decode reads what encode wrote.
func decode[T any](body []byte) (T, error) {
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		return v, fmt.Errorf("decode row: %w", err)
	}
	return v, nil
}

// normalise walks all that encoding/json can have filled in, maps aside: the
// loop's types have none.
func normalise(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			normalise(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			normalise(v.Index(i))
		}
	case reflect.String:
		if v.CanSet() && strings.Contains(v.String(), "\x00") {
			v.SetString(strings.ReplaceAll(v.String(), "\x00", "\uFFFD"))
		}
	case reflect.Struct:
		normaliseStruct(v)
	}
}

func normaliseStruct(v reflect.Value) {
	if t, ok := v.Addr().Interface().(*time.Time); ok {
		*t = moment(*t)
		return
	}
	for i := range v.NumField() {
		if v.Field(i).CanSet() {
			normalise(v.Field(i))
		}
	}
}

// moment is t as the ledger keeps it.
func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
