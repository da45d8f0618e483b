package abi

import "testing"

func TestWASI(t *testing.T) {
	const vectors, text = 200, 300
	w := newWorld(t, everyImport(Version02100, Higress), Higress)
	w.vm.memory.Write(text, []byte("line\n"))
	w.vm.memory.WriteUint32Le(vectors, text)
	w.vm.memory.WriteUint32Le(vectors+4, 5)
	tests := []struct {
		name  string
		args  []any
		errno Status
	}{
		{"fd_write", []any{0, vectors, 1, out1}, 8},
		{"fd_write", []any{3, vectors, 1, out1}, 8},
		{"fd_read", []any{0, vectors, 1, out1}, 52},
		{"fd_seek", []any{1, 0, 0, out1}, 0},
		{"fd_close", []any{9}, 0},
		{"fd_fdstat_get", []any{0, 400}, 8},
		{"fd_fdstat_get", []any{2, 400}, 0},
		{"fd_fdstat_set_flags", []any{1, 0}, 52},
		{"fd_prestat_get", []any{3, out1}, 8},
		{"fd_prestat_dir_name", []any{3, out1, 0}, 52},
		{"path_open", []any{3, 0, text, 4, 0, 0, 0, 0, out1}, 44},
		{"path_filestat_get", []any{3, 0, text, 4, out1}, 58},
		{"fd_sync", []any{1}, 58},
		{"fd_readdir", []any{3, text, 4, 0, out1}, 58},
		{"path_rename", []any{3, text, 4, 3, text}, 58},
		{"sock_recv", []any{3, vectors, 1, 0, out1, out2}, 58},
		{"sched_yield", nil, 0},
		{"clock_time_get", []any{0, 0, out1}, 0},
		{"clock_time_get", []any{1, 0, out1}, 0},
		{"clock_time_get", []any{2, 0, out1}, 58},
		{"clock_res_get", []any{0, out1}, 0},
		{"random_get", []any{1000, 1 << 16}, 0},
		{"random_get", []any{1000, 1<<16 + 1}, 28},
		{"poll_oneoff", []any{0, 0, 1, out1}, 0},
		{"args_sizes_get", []any{out1, out2}, 0},
		{"args_get", []any{out1, out2}, 0},
	}
	for _, test := range tests {
		if got := w.call(test.name, test.args...); got != test.errno {
			t.Errorf("%s%v: errno %d, want %d", test.name, test.args, got, test.errno)
		}
	}
	if rights, _ := w.vm.memory.ReadUint64Le(408); rights != 1<<6 {
		t.Errorf("rights of stderr %#x, want fd_write only", rights)
	}
	w.wantEvents()

	w.want(w.call("fd_write", 1, vectors, 1, out1), 0)
	w.want(w.call("fd_write", 2, vectors, 1, out1), 0)
	if n := w.u32(out1); n != 5 {
		t.Errorf("%d bytes written, want 5", n)
	}
	w.wantEvents("stream log info "+string(w.line(text, 4)), "stream log error "+string(w.line(text, 4)))

	w.want(w.call("environ_sizes_get", out1, out2), 0)
	if w.u32(out1) != 2 || w.u32(out2) != 8 {
		t.Errorf("environment of %d entries and %d bytes, want 2 and 8", w.u32(out1), w.u32(out2))
	}
	w.want(w.call("environ_get", 600, 620), 0)
	if got := string(w.line(620, 8)); got != "A=1\x00B=2\x00" || w.u32(600) != 620 || w.u32(604) != 624 {
		t.Errorf("environment %q at %d and %d", got, w.u32(600), w.u32(604))
	}
}

func (g *guest) line(address, size uint32) []byte {
	b, _ := g.vm.memory.Read(address, size)
	return append([]byte(nil), b...)
}
