"""Where the broker and the database come from: several ways behind one interface."""
