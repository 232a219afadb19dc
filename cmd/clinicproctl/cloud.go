package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/sync/redisregistry"
	"github.com/clinicpro-nz/images/sync/s3bucket"
	"github.com/clinicpro-nz/images/ui/text"
)

// cloudRun is what the cloud commands share.
type cloudRun struct {
	admin  administrator
	bucket *s3bucket.Bucket
	json   bool
}

// flagsOfCloud is a flag set that a command adds its own to.
type flagsOfCloud struct{ *flag.FlagSet }

// openCloud reads the flags that every cloud command has, and theirs.
func openCloud(name string, args []string, stdin io.Reader, stderr io.Writer, more func(*flagsOfCloud)) (*cloudRun, int) {
	f := &flagsOfCloud{FlagSet: flagSet(name, stderr)}
	where := f.String("from", "env", whereUsage)
	bucket := f.String("bucket", "", "another bucket `name` than S3_BUCKET_NAME's")
	days := f.Int("keep-days", 1, "`days` that an image nobody fetches stays under temp/, 1 to 30; longer where a workstation may be off longer")
	asJSON := f.Bool("json", false, "answer as JSON")
	if more != nil {
		more(f)
	}
	if err := f.Parse(args); err != nil || f.NArg() > 0 || *days < 1 || *days > 30 {
		return nil, exitUsage
	}
	get, err := given(*where, stdin)
	if err != nil {
		return nil, failed(stderr, err)
	}
	admin, err := readAdministrator(get, *bucket, *days)
	if err != nil {
		return nil, failed(stderr, err)
	}
	b, err := s3bucket.New(admin.bucket)
	if err != nil {
		return nil, failed(stderr, err)
	}
	return &cloudRun{admin, b, *asJSON}, exitDone
}

// cloudPlan shows what cloud apply would do, and does nothing.
func cloudPlan(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c, code := openCloud("cloud plan", args, stdin, stderr, nil)
	if c == nil {
		return code
	}
	return c.show(ctx, stdout, stderr)
}

// show reads every setting; exitFound where one differs.
func (c *cloudRun) show(ctx context.Context, stdout, stderr io.Writer) int {
	states, err := c.bucket.Plan(ctx)
	if err != nil {
		return failed(stderr, explained(c.admin.s3At(), err))
	}
	answer(stdout, c.json, states, func(w io.Writer) {
		for _, s := range states {
			say(w, s)
		}
		if s3bucket.Clean(states) {
			fmt.Fprintf(w, "\nThe bucket %s is as it has to be.\n", c.admin.bucket.Bucket)
		} else {
			fmt.Fprintln(w, "\nNothing was changed. clinicproctl cloud apply does what is marked with ~.")
		}
		c.withoutEncryption(w, states)
		fmt.Fprintf(w, "An image that no workstation fetches is deleted after %s. A workstation that may be off for longer needs -keep-days; the phone keeps its own copy until the workstation has it.\n", keepDays(c.admin.bucket.LifeDays))
	})
	if s3bucket.Clean(states) {
		return exitDone
	}
	return exitFound
}

// cloudApply brings the bucket into the state that cloud plan shows.
func cloudApply(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c, code := openCloud("cloud apply", args, stdin, stderr, nil)
	if c == nil {
		return code
	}
	differed := map[string]bool{}
	states, err := c.bucket.Apply(ctx, func(s s3bucket.State) {
		differed[s.Setting] = s.Verdict == s3bucket.Differs
		if !c.json {
			say(stdout, s)
		}
	})
	if s3bucket.Code(err) == "BucketAlreadyExists" {
		return c.otherName(ctx, stdin, stdout, stderr)
	}
	if err != nil {
		return failed(stderr, explained(c.admin.s3At(), err))
	}
	changed := 0
	for _, s := range states {
		switch {
		case !differed[s.Setting]:
		case s.Verdict == s3bucket.NotHere && !c.json:
			say(stdout, s)
		case s.Verdict == s3bucket.AsWanted:
			changed++
		}
	}
	answer(stdout, c.json, map[string]any{"changed": changed, "settings": states}, func(w io.Writer) {
		if changed == 0 {
			fmt.Fprintln(w, "\nNothing had to be changed.")
		} else {
			fmt.Fprintf(w, "\n%d changed. clinicproctl cloud check reads everything back.\n", changed)
		}
		c.withoutEncryption(w, states)
	})
	if !s3bucket.Clean(states) {
		return exitFound
	}
	return exitDone
}

// otherName offers the names that the seed suggests where the first is taken.
func (c *cloudRun) otherName(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) int {
	what, do := text.Fault(text.FaultNameTaken)
	fmt.Fprintf(stderr, "%s: %s %s\n", c.admin.bucket.Bucket, what, do)
	for _, name := range s3bucket.Alternatives(c.admin.bucket.Bucket, time.Now().Format("2006")) {
		free, err := c.bucket.Free(ctx, name)
		if err != nil || !free {
			continue
		}
		fmt.Fprintf(stderr, "%s is free: clinicproctl cloud apply -bucket %s takes it, and then S3_BUCKET_NAME has to say so everywhere.\n", name, name)
		if !isTerminal(stdin) {
			return exitFailed
		}
		fmt.Fprintf(stderr, "Take %s now? Type yes, or press Enter to leave it: ", name)
		line, _ := bufio.NewReader(stdin).ReadString('\n')
		if strings.TrimSpace(line) != "yes" {
			return exitFailed
		}
		c.admin.bucket.Bucket = name
		if c.bucket, err = s3bucket.New(c.admin.bucket); err != nil {
			return failed(stderr, err)
		}
		states, err := c.bucket.Apply(ctx, func(s s3bucket.State) { say(stdout, s) })
		if err != nil {
			return failed(stderr, explained(c.admin.s3At(), err))
		}
		if !s3bucket.Clean(states) {
			return exitFound
		}
		return exitDone
	}
	fmt.Fprintln(stderr, "None of the names tried is free: choose one yourself with -bucket.")
	return exitFailed
}

// cloudCheck reads every setting back, and asks Redis how it treats sessions.
func cloudCheck(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c, code := openCloud("cloud check", args, stdin, stderr, nil)
	if c == nil {
		return code
	}
	states, err := c.bucket.Plan(ctx)
	if err != nil {
		return failed(stderr, explained(c.admin.s3At(), err))
	}
	if !c.admin.redis.IsZero() {
		s, err := c.redisState(ctx)
		if err != nil {
			return failed(stderr, explained(c.admin.redisAt(), err))
		}
		states = append(states, s)
	}
	answer(stdout, c.json, states, func(w io.Writer) {
		for _, s := range states {
			say(w, s)
		}
		if s3bucket.Clean(states) {
			fmt.Fprintln(w, "\nEverything that this cloud knows is as it has to be.")
		} else {
			fmt.Fprintln(w, "\nSomething differs: clinicproctl cloud apply repairs the bucket; what Redis says is set where it is hosted.")
		}
		c.withoutEncryption(w, states)
	})
	if !s3bucket.Clean(states) {
		return exitFound
	}
	return exitDone
}

func (c *cloudRun) redisState(ctx context.Context) (s3bucket.State, error) {
	s := s3bucket.State{Setting: "Redis, when its memory is full", Wants: "noeviction", Verdict: s3bucket.Differs}
	admin, err := redisregistry.NewAdmin(c.admin.redis, c.admin.bucket.Way)
	if err != nil {
		return s, err
	}
	defer admin.Shut()
	if s.Has, err = admin.Eviction(ctx); err != nil {
		return s, err
	}
	switch s.Has {
	case s.Wants:
		s.Verdict = s3bucket.AsWanted
	case "":
		s.Verdict = s3bucket.NotHere
	}
	return s, nil
}

// cloudDestroyTemp deletes what lies in the bucket: for the end of a trial.
func cloudDestroyTemp(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var yes *string
	c, code := openCloud("cloud destroy-temp", args, stdin, stderr, func(f *flagsOfCloud) {
		yes = f.String("yes", "", "the bucket's `name`, to delete without being asked")
	})
	if c == nil {
		return code
	}
	n, bytes, err := c.bucket.DestroyTemp(ctx, true)
	if err != nil {
		return failed(stderr, explained(c.admin.s3At(), err))
	}
	if n > 0 && *yes == "" && isTerminal(stdin) {
		fmt.Fprintf(stderr, "%d objects (%d bytes) under temp/ and test/ of %s will be deleted. Photos among them that no workstation has fetched are lost unless their phones still keep them.\nType the bucket's name to delete them: ",
			n, bytes, c.admin.bucket.Bucket)
		line, _ := bufio.NewReader(stdin).ReadString('\n')
		*yes = strings.TrimSpace(line)
	}
	deleted := n > 0 && *yes == c.admin.bucket.Bucket
	if deleted {
		if n, bytes, err = c.bucket.DestroyTemp(ctx, false); err != nil {
			return failed(stderr, explained(c.admin.s3At(), err))
		}
	}
	answer(stdout, c.json, map[string]any{"objects": n, "bytes": bytes, "deleted": deleted}, func(w io.Writer) {
		switch {
		case n == 0:
			fmt.Fprintln(w, "There is nothing under temp/ or test/.")
		case deleted:
			fmt.Fprintf(w, "%d objects were deleted. The bucket and its settings are still there.\n", n)
		default:
			fmt.Fprintf(w, "%d objects (%d bytes) lie under temp/ and test/. Nothing was deleted: -yes %s does.\n", n, bytes, c.admin.bucket.Bucket)
		}
	})
	if n > 0 && !deleted {
		return exitFailed
	}
	return exitDone
}

// withoutEncryption says what else has to know that a store cannot encrypt.
func (c *cloudRun) withoutEncryption(w io.Writer, states []s3bucket.State) {
	for _, s := range states {
		if s.Setting == s3bucket.SettingEncryption && s.Verdict == s3bucket.NotHere && c.admin.bucket.Encrypt {
			fmt.Fprintln(w, "This store cannot encrypt. Put CLINICPRO_S3_ENCRYPT=off among these names before you make keys: gateway and workstations would ask for it with every upload. (Images are encrypted on the phone all the same.)")
		}
	}
}

func keepDays(n int32) string {
	if n == 1 {
		return "a day"
	}
	return fmt.Sprintf("%d days", n)
}

// say is one setting as it was found.
func say(w io.Writer, s s3bucket.State) {
	switch s.Verdict {
	case s3bucket.AsWanted:
		fmt.Fprintf(w, "  %s: %s\n", s.Setting, short(s.Has))
	case s3bucket.NotHere:
		fmt.Fprintf(w, "! %s: this store does not know it; it goes without\n", s.Setting)
	case s3bucket.Waits:
		if s.Wants != s3bucket.None {
			fmt.Fprintf(w, "~ %s\n    + %s\n", s.Setting, s.Wants)
		}
	default:
		fmt.Fprintf(w, "~ %s\n    - %s\n    + %s\n", s.Setting, s.Has, s.Wants)
	}
}

// short is a setting that is right, which nobody has to read whole.
func short(has string) string {
	if len(has) > 60 {
		return "as wanted"
	}
	return has
}
