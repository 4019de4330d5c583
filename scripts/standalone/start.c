/*
 * What runs first in an executable that brings its own glibc (see join.ts). Started by the kernel, it lays the loader and
 * its libraries into memory files and starts the loader upon this very executable. Started a second time, by the loader,
 * it goes on to where the program begins. The two are told apart by a register: the psABI has the loader pass a function
 * there, where the kernel passes zero. No library, no writable data, nothing but system calls.
 */
typedef unsigned long word;

enum { maxArguments = 4096, fileCount = FILES };

struct file {
	const char *start, *end;
};
/* Written by join.ts: the loader first. */
extern const struct file weir_files[fileCount];

#if defined(__x86_64__)
enum { sysWrite = 1, sysExecve = 59, sysExit = 60, sysMemfdCreate = 319 };
__asm__(".globl _start\n_start:\n"
	"test %rdx, %rdx\n"
	"jnz 1f\n"
	"mov %rsp, %rdi\n"
	"and $-16, %rsp\n"
	"call weir_load\n"
	"1: mov %rdx, %r12\n"
	"mov $157, %eax\n" /* prctl(PR_SET_NAME, "weir"): else it is called as the loader was */
	"mov $15, %edi\n"
	"lea weir_name(%rip), %rsi\n"
	"syscall\n"
	"mov %r12, %rdx\n"
	"jmp *weir_program(%rip)\n");
static long call(long number, word a, word b, word c)
{
	long result;
	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
enum { sysWrite = 64, sysExecve = 221, sysExit = 93, sysMemfdCreate = 279 };
__asm__(".globl _start\n_start:\n"
	"cbnz x0, 1f\n"
	"mov x0, sp\n"
	"bl weir_load\n"
	"1: mov x19, x0\n"
	"mov x8, #167\n"
	"mov x0, #15\n"
	"adrp x1, weir_name\n"
	"add x1, x1, :lo12:weir_name\n"
	"svc 0\n"
	"mov x0, x19\n"
	"adrp x16, weir_program\n"
	"ldr x16, [x16, :lo12:weir_program]\n"
	"br x16\n");
static long call(long number, word a, word b, word c)
{
	register long x8 __asm__("x8") = number;
	register word x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
	return (long)x0;
}
#endif

__attribute__((used)) const char weir_name[] = "weir";
/* Where the program itself begins. */
__attribute__((used)) const word weir_program = ENTRY;

static __attribute__((noreturn)) void fail(const char *text, word length)
{
	call(sysWrite, 2, (word)text, length);
	for (;;)
		call(sysExit, 1, 0, 0);
}
#define FAIL(text) fail("weir: " text "\n", sizeof("weir: " text))

/* A file in memory; its number. Kept open over the start of the loader, which finds it by that. */
static word lay(const struct file *file)
{
	/* Executable by name (MFD_EXEC), which kernels before 6.3 do not know and all others may insist upon. */
	long number = call(sysMemfdCreate, (word)weir_name, 0x10, 0);
	if (number == -22)
		number = call(sysMemfdCreate, (word)weir_name, 0, 0);
	if (number < 0)
		FAIL("no file in memory can be made");
	for (const char *at = file->start; at < file->end;) {
		long written = call(sysWrite, number, (word)at, file->end - at);
		if (written <= 0)
			FAIL("there is too little memory to start");
		at += written;
	}
	return number;
}

/* Appends `/proc/self/fd/<number>`, of at most four digits. */
static char *append(char *text, word number)
{
	for (const char *from = "/proc/self/fd/"; *from;)
		*text++ = *from++;
	int isBegun = 0;
	for (word unit = 1000; unit > 0; unit /= 10) {
		word digit = number / unit % 10;
		if (digit || isBegun || unit == 1)
			*text++ = '0' + digit, isBegun = 1;
	}
	*text = 0;
	return text;
}

/* The path of this executable, as the kernel took it (AT_EXECFN). */
static const char *ownPath(const word *auxiliary)
{
	for (; auxiliary[0]; auxiliary += 2)
		if (auxiliary[0] == 31)
			return (const char *)auxiliary[1];
	FAIL("the kernel does not say where this program is");
}

__attribute__((used, noreturn)) void weir_load(const word *stack)
{
	word count = stack[0];
	const char *const *arguments = (const char *const *)stack + 1;
	const char *const *environment = arguments + count + 1;
	const char *const *end = environment;
	while (*end)
		end++;
	if (count < 1 || count > maxArguments)
		FAIL("too many arguments");
	char loader[32], preloaded[fileCount * 32], *text = preloaded;
	append(loader, lay(&weir_files[0]));
	for (int i = 1; i < fileCount; i++) {
		if (i > 1)
			*text++ = ':';
		text = append(text, lay(&weir_files[i]));
	}
	const char *all[maxArguments + 8];
	word n = 0;
	all[n++] = arguments[0];
	all[n++] = "--inhibit-cache";
	all[n++] = "--preload";
	all[n++] = preloaded;
	all[n++] = "--argv0";
	all[n++] = arguments[0];
	all[n++] = ownPath((const word *)(end + 1));
	for (word i = 1; i < count; i++)
		all[n++] = arguments[i];
	all[n] = 0;
	call(sysExecve, (word)loader, (word)all, (word)environment);
	FAIL("the loader cannot be started: is /proc there?");
}
