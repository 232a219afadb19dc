package s3bucket

import "testing"

// A store may tell a policy in another order, or otherwise, each time.
func TestCanonical(t *testing.T) {
	t.Parallel()
	const want = `{"Statement":[{"Action":["s3:Get","s3:Put"],"Principal":"*"},{"Action":"s3:List","Condition":{"Bool":{"tls":"false"}}}]}`
	for _, told := range []string{
		want,
		`{"Statement":[{"Condition":{"Bool":{"tls":["false"]}},"Action":["s3:List"]},{"Principal":{"AWS":["*"]},"Action":["s3:Put","s3:Get"]}]}`,
		`{"Statement":[{"Principal":{"AWS":"*"},"Action":["s3:Get","s3:Put"]},{"Action":"s3:List","Condition":{"Bool":{"tls":false}}}]}`,
	} {
		if canonical(told) != canonical(want) {
			t.Errorf("%s is not\n%s", canonical(told), canonical(want))
		}
	}
	if other := `{"Statement":[{"Action":["s3:Get"],"Principal":"*"}]}`; canonical(other) == canonical(want) {
		t.Error("another policy is taken for the same")
	}
}
