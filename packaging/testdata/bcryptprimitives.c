/* Go's runtime wants ProcessPrng, which Wine 8 has not got: for test prefixes
   only, never shipped. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG bytes); /* RtlGenRandom */

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T bytes) {
	return SystemFunction036(buffer, (ULONG)bytes);
}
