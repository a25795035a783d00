package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// looseString decodes a string, number, boolean or null to text; numbers keep
// their digits, null is "".
type looseString string

// UnmarshalJSON refuses objects and arrays.
func (s *looseString) UnmarshalJSON(data []byte) error {
	data = bytes.TrimSpace(data)
	switch {
	case len(data) == 0, data[0] == '{', data[0] == '[':
		return errors.New("neither text, number, boolean nor null")
	case bytes.Equal(data, []byte("null")):
		*s = ""
	case data[0] == '"':
		var text string
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
		*s = looseString(text)
	default:
		*s = looseString(data)
	}
	return nil
}

// loosePairs decodes objects of one key each: none, one as it is, or several in an array
// (docs/joget.md#none-one-or-many).
type loosePairs map[string]string

// UnmarshalJSON takes all keys of all objects; of a key that comes twice the last one.
func (p *loosePairs) UnmarshalJSON(data []byte) error {
	list := []map[string]looseString{nil}
	var err error
	if data = bytes.TrimSpace(data); len(data) > 0 && data[0] == '[' {
		err = json.Unmarshal(data, &list)
	} else {
		err = json.Unmarshal(data, &list[0])
	}
	*p = loosePairs{}
	for _, pair := range list {
		for name, value := range pair {
			(*p)[name] = string(value)
		}
	}
	return err
}

// firstDocument returns the first JSON object of body. More documents may follow
// (docs/joget.md#errors: an error body and what the controller wrote after it);
// rest reports whether everything after the first is whole documents too.
func firstDocument(body []byte) (doc json.RawMessage, rest bool, err error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	if err := dec.Decode(&doc); err != nil {
		return nil, false, fmt.Errorf("decoding the answer: %w", jsonError(err))
	}
	if doc[0] != '{' {
		return nil, false, errors.New("the answer is not a JSON object")
	}
	for {
		var more json.RawMessage
		if err := dec.Decode(&more); err != nil {
			// What follows the first document is not ours to judge.
			return doc, errors.Is(err, io.EOF), nil
		}
	}
}

// jsonError drops what encoding/json quotes of the text, which may be personal.
func jsonError(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return err
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON at byte %d", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Errorf("unexpected JSON type in field %q", kind.Field)
	}
	return errors.New("unexpected JSON")
}

// jogetError is the error body (docs/joget.md#errors).
type jogetError struct {
	Error *struct {
		Date    looseString `json:"date"`
		Code    looseString `json:"code"`
		Message looseString `json:"message"`
	} `json:"error"`
}
