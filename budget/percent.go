package budget

import (
	"math"
	"strconv"
	"strings"
)

// Percent is a share in percent with one decimal, cut off downwards, so that
// 99.97 % that is left is never shown as all, nor −495.45 % as −495.4 %. Pages
// and the sentences of the gate say shares by it, so that both say the same.
func Percent(share float64) string {
	tenths := math.Floor(float64(share*1000) + 1e-9) // 0.29*1000 is a little less than 290
	text := strings.TrimSuffix(strconv.FormatFloat(math.Abs(tenths)/10, 'f', 1, 64), ".0")
	if tenths < 0 {
		text = "−" + text
	}
	return text + " %"
}
