package text

// What notifications say: never whose photos they are. Notifications are read
// over shoulders, and stay on lock screens.
const NoticeTrouble = "Something needs attention. Photos are safe. Open ClinicPro Images to see what it is."

// NoticeLanded says that photos are waiting to be filed.
func NoticeLanded(n int) string {
	if n == 1 {
		return "1 photo is here, waiting to be filed."
	}
	return Count(n) + " are here, waiting to be filed."
}
