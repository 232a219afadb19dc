package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/ui/instance"
	"github.com/clinicpro-nz/images/ui/link"
)

// receive shows the agent's session in this terminal. Where no agent runs it
// starts one without a window, which ends with it.
func receive(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flagSet("receive", stderr)
	local := flags.Bool("local", false, "local mode: run the whole cloud on this machine")
	dir := flags.String("dir", config.DefaultDir(), "state folder")
	listen := flags.String("listen", "", "local mode: address and port that phones open; not given: as the settings say")
	folder := flags.String("sink", "", "folder that filed images go to")
	from := flags.String("patient-from", "", "file with the patient as JSON (name, nhi, birthDate), or - for standard input; without it the terminal asks")
	asJSON := flags.Bool("json", false, "one JSON object a line; wants -patient-from")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return exitUsage
	}
	if *asJSON && *from == "" {
		fmt.Fprintln(stderr, "With -json nobody is asked: say with -patient-from whom the session is about. No session was started.")
		return exitUsage
	}
	lines := bufio.NewReader(stdin)
	conn, stop, err := reachAgent(ctx, *dir, agentArgs(*local, *dir, *listen, *folder), stderr)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	defer stop()
	patient, err := whose(*from, lines, stdout)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitUsage
	}
	t := &terminal{out: stdout, json: *asJSON, window: link.NewWindow(link.Build()), patient: patient, told: map[string]string{}}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go t.listen(lines, cancel)
	err = t.window.Run(ctx, conn, conn, link.Hear{Show: t.show, Pixels: func(link.Pixels) {}, Raise: func() {}})
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(stderr, "The session's agent has gone. Images that had arrived are safe on this computer: start this command again.")
		return exitFailed
	}
	return exitDone
}

// sentence is an error that is said to the person at the terminal as it is.
type sentence string

func (s sentence) Error() string { return string(s) }

func agentArgs(local bool, dir, listen, folder string) []string {
	args := []string{"-no-window", "-dir", dir}
	if listen != "" {
		args = append(args, "-listen", listen)
	}
	if local {
		args = append(args, "-local")
	}
	if folder != "" {
		args = append(args, "-sink", folder)
	}
	return args
}

// reachAgent attaches to the running agent of dir, or starts one. stop ends
// the agent that was started here.
func reachAgent(ctx context.Context, dir string, args []string, stderr io.Writer) (net.Conn, func(), error) {
	if conn, err := attach(dir); err == nil {
		return conn, func() {}, nil
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	name := "clinicpro-images"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	cmd := exec.Command(filepath.Join(filepath.Dir(exe), name), append([]string{"-agent"}, args...)...)
	cmd.Stderr = stderr
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, sentence("The agent cannot be started: " + name + " is missing beside this program.")
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	stop := func() {
		_ = input.Close()
		select {
		case <-exited:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
		}
	}
	for range 100 {
		if conn, err := attach(dir); err == nil {
			return conn, stop, nil
		}
		select {
		case <-ctx.Done():
			stop()
			return nil, nil, ctx.Err()
		case <-exited:
			return nil, nil, sentence("The agent ended at once; what it said stands above.")
		case <-time.After(100 * time.Millisecond):
		}
	}
	stop()
	return nil, nil, sentence("The agent does not answer.")
}

func attach(dir string) (net.Conn, error) {
	conn, err := instance.Dial(dir)
	if err != nil {
		return nil, err
	}
	if err := instance.WriteHello(conn, instance.Hello{Act: "attach"}); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// whose reads who the session is about, from JSON or by asking. A file is
// removed once it has been read: it holds a patient.
func whose(from string, stdin *bufio.Reader, out io.Writer) (link.Patient, error) {
	var p link.Patient
	switch from {
	case "":
		for _, q := range []struct {
			ask  string
			into *string
		}{{"Name: ", &p.Name}, {"NHI (empty: none): ", &p.NHI}, {"Date of birth (YYYY-MM-DD, empty: none): ", &p.BirthDate}} {
			fmt.Fprint(out, q.ask)
			answer, err := stdin.ReadString('\n')
			if err != nil {
				return p, sentence("No patient was given, so no session was started.")
			}
			*q.into = strings.TrimSpace(answer)
		}
	default:
		text, err := readPatient(from, stdin)
		if err != nil {
			return p, err
		}
		var given struct{ Name, NHI, BirthDate string }
		if err := json.Unmarshal(text, &given); err != nil {
			return p, sentence(`The patient cannot be read. It must be one line of JSON: {"name":"…","nhi":"…","birthDate":"YYYY-MM-DD"}. No session was started.`)
		}
		p = link.Patient{Name: given.Name, NHI: given.NHI, BirthDate: given.BirthDate}
	}
	if p.Name == "" {
		return p, sentence("A name is needed to start a session. None was started.")
	}
	if p.NHI != "" {
		if _, suggest, err := app.ParseNHI(p.NHI); err != nil {
			hint := ""
			if !suggest.IsZero() {
				hint = " Did you mean " + suggest.Reveal() + "?"
			}
			return p, sentence("That is not an NHI: a letter or digit is wrong." + hint + " No session was started.")
		}
	}
	if p.BirthDate != "" {
		if _, err := time.Parse(time.DateOnly, p.BirthDate); err != nil {
			return p, sentence("The date of birth must be written YYYY-MM-DD. No session was started.")
		}
	}
	return p, nil
}

func readPatient(from string, stdin *bufio.Reader) ([]byte, error) {
	if from == "-" {
		line, err := stdin.ReadBytes('\n')
		if err != nil && len(line) == 0 {
			return nil, sentence("No patient was given, so no session was started.")
		}
		return line, nil
	}
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.Remove(from)
	}
	if err != nil {
		return nil, sentence("The patient's file cannot be read and removed. No session was started.")
	}
	return text, nil
}
