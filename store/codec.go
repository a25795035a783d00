package store

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// errUndecodable: a stored value is not what this program writes.
var errUndecodable = errors.New("unreadable value in the ledger")

// The first byte of a packed blob says how the rest is stored.
const (
	packedPlain   = 0
	packedDeflate = 1
	packFrom      = 256 // bytes; less does not get smaller
)

func pack(data []byte) ([]byte, error) {
	if len(data) < packFrom {
		return append([]byte{packedPlain}, data...), nil
	}
	var out bytes.Buffer
	out.WriteByte(packedDeflate)
	w, err := flate.NewWriter(&out, flate.BestSpeed)
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	if _, err := w.Write(data); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	if out.Len() > len(data) {
		return append([]byte{packedPlain}, data...), nil
	}
	return out.Bytes(), nil
}

func unpack(blob []byte) ([]byte, error) {
	if len(blob) == 0 {
		return nil, errUndecodable
	}
	switch blob[0] {
	case packedPlain:
		return blob[1:], nil
	case packedDeflate:
		data, err := io.ReadAll(flate.NewReader(bytes.NewReader(blob[1:])))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errUndecodable, err)
		}
		return data, nil
	}
	return nil, errUndecodable
}

func packJSON(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return pack(data)
}

func unpackJSON(blob []byte, v any) error {
	data, err := unpack(blob)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%w: %w", errUndecodable, err)
	}
	return nil
}

// optionalJSON leaves v as it is where there is no blob.
func optionalJSON(blob []byte, v any) error {
	if blob == nil {
		return nil
	}
	return unpackJSON(blob, v)
}

// digest returns the SHA-256 of data in hexadecimal.
func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
