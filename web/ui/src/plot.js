// Charts that can be read closely: the drawing of the server makes place for one with a cursor, shared by all charts of
// the page, and with which one can zoom in by dragging. Who does not run scripts keeps the drawing.
