"""Teaching a student: teachers, lessons, hints, batches and the step."""
