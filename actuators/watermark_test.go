package actuators_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"setpoint.dev/setpoint/actuators"
)

func TestChoose(t *testing.T) {
	ages := func(seconds ...int) (all []actuators.Statement) {
		for i, s := range seconds {
			all = append(all, actuators.Statement{PID: int32(i), Age: time.Duration(s) * time.Second})
		}
		return all
	}
	protect := func(all []actuators.Statement, which ...int) []actuators.Statement {
		for _, i := range which {
			all[i].Protected = true
		}
		return all
	}
	for _, c := range []struct {
		name    string
		running []actuators.Statement
		budget  int
		want    []int32 // pids
	}{
		{"nothing runs", nil, 9, nil},
		{"at high mark", ages(9, 9, 9, 9, 9, 9), 9, nil},
		{"above high mark, down to low, oldest first", ages(1, 7, 3, 4, 5, 6, 2), 9, []int32{1, 5, 4}},
		{"as far as budget goes", ages(1, 7, 3, 4, 5, 6, 2), 2, []int32{1, 5}},
		{"no budget", ages(1, 7, 3, 4, 5, 6, 2), 0, nil},
		{"younger than floor", ages(1, 1, 1, 1, 1, 1, 9), 9, []int32{6}},
		{"exactly at floor", ages(2, 2, 2, 2, 2, 2, 2), 9, nil},
		{"protected counts and stays", protect(ages(9, 8, 7, 6, 5, 4, 3), 0, 1), 9, []int32{2, 3, 4}},
		{"equally old: by pid", ages(5, 5, 5, 5, 5, 5, 5), 9, []int32{0, 1, 2}},
	} {
		var got []int32
		for _, s := range actuators.Choose(c.running, 2*time.Second, actuators.MarksOf(8, 0.75, 0.5), c.budget) {
			got = append(got, s.PID)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// The marks in whole workers, as a person would work them out.
func TestMarks(t *testing.T) {
	for _, c := range []struct {
		workers, high, low int // shares in hundredths
		wantHigh, wantLow  int
	}{
		{8, 75, 60, 6, 4}, {8, 75, 50, 6, 4}, {100, 29, 28, 29, 28}, {10, 70, 60, 7, 6}, {3, 100, 1, 3, 0}, {1, 50, 50, 0, 0},
	} {
		got := actuators.MarksOf(c.workers, float64(c.high)/100, float64(c.low)/100)
		running := func(n int) []actuators.Statement {
			all := make([]actuators.Statement, n)
			for i := range all {
				all[i].Age = time.Hour
			}
			return all
		}
		if n := len(actuators.Choose(running(c.wantHigh), 0, got, 1000)); n != 0 {
			t.Errorf("%+v: %d chosen at the high mark, want 0", c, n)
		}
		if n, want := len(actuators.Choose(running(c.wantHigh+1), 0, got, 1000)), c.wantHigh+1-c.wantLow; n != want {
			t.Errorf("%+v: %d chosen one above the high mark, want %d", c, n, want)
		}
	}
}

// Whatever runs, what is chosen keeps the law's promises, and is as much as they allow.
func TestChooseKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		running := rapid.SliceOfNDistinct(rapid.Custom(statement), 0, 40, func(s actuators.Statement) int32 { return s.PID }).Draw(t, "running")
		floor := time.Duration(rapid.IntRange(0, 12).Draw(t, "floor"))
		workers := rapid.IntRange(1, 30).Draw(t, "workers")
		high := rapid.IntRange(1, 100).Draw(t, "high")
		low := rapid.IntRange(1, high).Draw(t, "low")
		budget := rapid.IntRange(-1, 10).Draw(t, "budget")
		before := slices.Clone(running)
		due := actuators.Choose(running, floor, actuators.MarksOf(workers, float64(high)/100, float64(low)/100), budget)
		if !slices.Equal(before, running) {
			t.Fatal("the statements were changed")
		}
		over := len(running)*100 > high*workers
		needed := 0 // smallest number that brings the rest to the low mark
		for (len(running)-needed)*100 > low*workers {
			needed++
		}
		eligible := slices.DeleteFunc(before, func(s actuators.Statement) bool { return s.Protected || s.Age <= floor })
		want := 0
		if over {
			want = max(0, min(needed, budget, len(eligible)))
		}
		if len(due) != want {
			t.Fatalf("chose %d, want %d", len(due), want)
		}
		oldestFirst(t, due, eligible)
	})
}

func statement(t *rapid.T) actuators.Statement {
	return actuators.Statement{
		PID:       rapid.Int32().Draw(t, "pid"),
		Age:       time.Duration(rapid.IntRange(-1, 15).Draw(t, "age")),
		Protected: rapid.Bool().Draw(t, "protected"),
	}
}

// oldestFirst checks that the chosen ones are eligible, in order, and none that stays is older.
func oldestFirst(t *rapid.T, due, eligible []actuators.Statement) {
	for i, s := range due {
		if !slices.Contains(eligible, s) {
			t.Fatalf("chose %+v, which is protected or too young", s)
		}
		if i > 0 && due[i-1].Age < s.Age {
			t.Fatalf("chose %+v before the older %+v", due[i-1], s)
		}
	}
	for _, s := range eligible {
		if len(due) > 0 && s.Age > due[len(due)-1].Age && !slices.Contains(due, s) {
			t.Fatalf("left %+v, which is older than %+v", s, due[len(due)-1])
		}
	}
}
