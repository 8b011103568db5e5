// What the page does beyond reading, where a browser runs scripts. All of it can be read, asked and ordered without.
import "htmx.org";
import "./live.js";
import "./keys.js";
import "./forms.js";
import "./plot.js";
