package web

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"sync"
)

// object is org.json's JSONObject: values are accumulated, key order is not
// defined.
type object struct {
	keys   []string
	values map[string]any
	counts map[string]int
}

// array is a value that stays an array whatever its length.
type array []any

func newObject(kv ...any) *object {
	o := &object{values: map[string]any{}, counts: map[string]int{}}
	for i := 0; i+1 < len(kv); i += 2 {
		if key, ok := kv[i].(string); ok {
			o.accumulate(key, kv[i+1])
		}
	}
	return o
}

// accumulate adds a value: the first one stays bare, more make an array, a
// null leaves the key out.
func (o *object) accumulate(key string, v any) {
	if v == nil {
		return
	}
	switch o.counts[key]++; o.counts[key] {
	case 1:
		o.keys = append(o.keys, key)
		o.values[key] = v
	case 2:
		o.values[key] = array{o.values[key], v}
	default:
		if list, ok := o.values[key].(array); ok {
			o.values[key] = append(list, v)
		}
	}
}

// put sets a key to one value, arrays included.
func (o *object) put(key string, v any) {
	if o.counts[key] == 0 {
		o.keys = append(o.keys, key)
	}
	o.counts[key] = 1
	o.values[key] = v
}

// dice shuffle keys; they are the same for every run of one seed.
type dice struct {
	mu   sync.Mutex
	rand *rand.Rand
}

func (d *dice) perm(n int) []int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rand.Perm(n)
}

func (d *dice) encode(v any) ([]byte, error) {
	var b bytes.Buffer
	err := d.write(&b, v)
	return b.Bytes(), err
}

func (d *dice) write(b *bytes.Buffer, v any) error {
	switch x := v.(type) {
	case *object:
		b.WriteByte('{')
		for n, i := range d.perm(len(x.keys)) {
			if n > 0 {
				b.WriteByte(',')
			}
			if err := d.write(b, x.keys[i]); err != nil {
				return err
			}
			b.WriteByte(':')
			if err := d.write(b, x.values[x.keys[i]]); err != nil {
				return err
			}
		}
		b.WriteByte('}')
		return nil
	case array:
		b.WriteByte('[')
		for n, item := range x {
			if n > 0 {
				b.WriteByte(',')
			}
			if err := d.write(b, item); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	}
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1)
	return nil
}
