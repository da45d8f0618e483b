package module

import (
	"bytes"
	"context"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
)

// withMemory is a module of ten pages with these segments.
func withMemory(segments []segment) []byte {
	m := &Module{sections: []section{
		{id: 5, body: []byte{1, 0, 10}},
		{id: sectionExport, body: append(appendName([]byte{1}, "memory"), kindMemory, 0)},
		{id: sectionData, body: encodeSegments(segments)},
	}, Exports: []Export{{Name: "memory", Kind: kindMemory}}}
	return m.Bytes()
}

// memoryAtStart is what a runtime makes of a module's data section.
func memoryAtStart(t *testing.T, code []byte) []byte {
	t.Helper()
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer r.Close(ctx)
	instance, err := r.Instantiate(ctx, code)
	require.NoError(t, err)
	memory, ok := instance.Memory().Read(0, instance.Memory().Size())
	require.True(t, ok)
	return bytes.Clone(memory)
}

func packed(t *testing.T, code []byte) []byte {
	t.Helper()
	m, err := Parse(code)
	require.NoError(t, err)
	m.packData()
	return m.Bytes()
}

func TestPackedDataMakeTheSameMemory(t *testing.T) {
	zeros := func(n int) string { return string(make([]byte, n)) }
	tests := []struct {
		name     string
		segments []segment
		want     int // segments
	}{
		{"touching segments become one", []segment{{100, []byte("ab")}, {102, []byte("cd")}}, 1},
		{"a short gap is filled", []segment{{100, []byte("ab")}, {105, []byte("cd")}}, 1},
		{"a long gap stays", []segment{{100, []byte("ab")}, {400_000, []byte("cd")}}, 2},
		{"the order does not matter", []segment{{102, []byte("cd")}, {100, []byte("ab")}}, 1},
		{"zeros at both ends go", []segment{{64, []byte(zeros(50) + "ab" + zeros(50))}}, 1},
		{"zeros within split a segment", []segment{{64, []byte("ab" + zeros(50) + "cd")}}, 2},
		{"nothing but zeros is nothing", []segment{{64, []byte(zeros(50))}}, 0},
		{"far offsets", []segment{{600_000, []byte("ab")}, {600_004, []byte("cd")}, {655_000, []byte("ef")}}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code := withMemory(tt.segments)
			after := packed(t, code)
			assert.Equal(t, memoryAtStart(t, code), memoryAtStart(t, after))
			assert.LessOrEqual(t, len(after), len(code))
			m, err := Parse(after)
			require.NoError(t, err)
			segments, err := m.segments()
			require.NoError(t, err)
			assert.Len(t, segments, tt.want)
			assert.Equal(t, after, packed(t, after), "packing again changes nothing")
		})
	}
}

func TestDataOfAnotherFormStay(t *testing.T) {
	plain := []segment{{100, []byte("ab")}, {102, []byte("cd")}}
	tests := []struct {
		name   string
		change func(m *Module)
	}{
		{"segments that overlap", func(m *Module) {
			m.setBody(sectionData, encodeSegments([]segment{{100, []byte("abc")}, {102, []byte("cd")}}))
		}},
		{"a passive segment", func(m *Module) { m.setBody(sectionData, []byte{1, 1, 2, 'a', 'b'}) }},
		{"an offset that is a global", func(m *Module) { m.setBody(sectionData, []byte{1, 0, 0x23, 0, opEnd, 2, 'a', 'b'}) }},
		{"a count of segments beside them", func(m *Module) {
			m.sections = append(m.sections, section{id: sectionDataCount, body: []byte{2}})
		}},
		{"memory of somebody else", func(m *Module) { m.Imports = []Import{{Module: "env", Name: "memory", Kind: kindMemory}} }},
		{"half a segment", func(m *Module) { m.setBody(sectionData, []byte{1, 0, opI32Const, 1, opEnd, 9, 'a'}) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Parse(withMemory(plain))
			require.NoError(t, err)
			tt.change(m)
			before := m.Bytes()
			m.packData()
			assert.Equal(t, before, m.Bytes())
		})
	}
}

// functionTable is a runtime.findfunctab for n functions at an address, with the pointer to it behind it.
func functionTable(address uint32, n int) []byte {
	var table []byte
	for i := range n {
		table = append(table, functionEntry(i)...)
	}
	return binary.LittleEndian.AppendUint64(table, uint64(address))
}

func TestUnreadBucketsAreCleared(t *testing.T) {
	const address, functions = 4096, 300
	after := memoryAtStart(t, packed(t, withMemory([]segment{{address, functionTable(address, functions)}})))
	for i := range functions {
		entry := after[address+i*functionSize : address+(i+1)*functionSize]
		want := append(functionEntry(i)[:bucketSize], make([]byte, functionSize-bucketSize)...)
		require.Equal(t, want, entry, "function %d", i)
	}
}

func TestWhatIsNoFunctionTableStays(t *testing.T) {
	const address, functions = 4096, 300
	tests := []struct {
		name  string
		table []byte
	}{
		{"nothing points to it", functionTable(address+functionSize, functions)},
		{"too few functions", functionTable(address, minFunctions-1)},
		{"it does not begin with the first function", functionTable(address, functions)[functionSize:]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code := withMemory([]segment{{address, tt.table}})
			assert.Equal(t, memoryAtStart(t, code), memoryAtStart(t, packed(t, code)))
		})
	}
}

func TestTheLogLevelIsImportedByItsOwnName(t *testing.T) {
	code := assemble(map[string]int32{phasesExport: int32(RequestHeaders | phasesKnown)}, everything...)
	m, err := Parse(code)
	require.NoError(t, err)
	m.renameImport(1, logLevelStandInModule, logLevelStandIn)
	assert.Equal(t, []string{"proxy_log"}, m.hostFunctions())
	again, err := Parse(m.Bytes())
	require.NoError(t, err)
	again.importLogLevel()
	final, err := Parse(again.Bytes())
	require.NoError(t, err)
	assert.Equal(t, []string{"proxy_get_log_level", "proxy_log"}, final.hostFunctions())
	assert.Equal(t, []Import{{Module: "env", Name: "proxy_log"}, {Module: "env", Name: "proxy_get_log_level"}}, final.Imports)
	loads(t, final.Bytes())
}
