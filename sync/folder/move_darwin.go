package folder

func moveNew(from, to string) error { return linkNew(from, to) }
