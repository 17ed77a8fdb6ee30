"""The REST contract as a document: what each operation takes and gives, with examples."""
