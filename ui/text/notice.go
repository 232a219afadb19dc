package text

// NoticeLanded says that photos are waiting to be filed. Like every notice it
// never says whose: notices are read over shoulders, and stay on lock screens.
func NoticeLanded(n int) string { return counted(n, noticeLandedOne, noticeLandedMany) }
