// Command small stands for a program of ours where a test needs any.
package main

func main() {}
