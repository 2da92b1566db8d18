/**
 * The error numbers of Linux: a name, words, and what helps. Node has names for two thirds of them, and calls
 * the others "Unknown system error -117".
 */

/** One a line: number, name, words. 524 is the kernel's own; network file systems let it out. */
const TABLE = `
1 EPERM operation not permitted
2 ENOENT no such file or directory
3 ESRCH no such process
4 EINTR interrupted system call
5 EIO input/output error
6 ENXIO no such device or address
7 E2BIG argument list too long
8 ENOEXEC not an executable file
9 EBADF bad file descriptor
10 ECHILD no child processes
11 EAGAIN resource temporarily unavailable
12 ENOMEM cannot allocate memory
13 EACCES permission denied
14 EFAULT bad address
15 ENOTBLK block device required
16 EBUSY device or resource busy
17 EEXIST file exists
18 EXDEV the two places are on different file systems
19 ENODEV no such device
20 ENOTDIR not a directory
21 EISDIR is a directory
22 EINVAL invalid argument
23 ENFILE too many open files in system
24 EMFILE too many open files
25 ENOTTY not a terminal
26 ETXTBSY program file is being executed
27 EFBIG file too large
28 ENOSPC no space left on device
29 ESPIPE illegal seek
30 EROFS read-only file system
31 EMLINK too many links
32 EPIPE broken pipe
33 EDOM numerical argument out of domain
34 ERANGE numerical result out of range
35 EDEADLK resource deadlock avoided
36 ENAMETOOLONG file name too long
37 ENOLCK no locks available
38 ENOSYS function not implemented
39 ENOTEMPTY directory not empty
40 ELOOP too many levels of symbolic links
42 ENOMSG no message of desired type
43 EIDRM identifier removed
44 ECHRNG channel number out of range
45 EL2NSYNC level 2 not synchronized
46 EL3HLT level 3 halted
47 EL3RST level 3 reset
48 ELNRNG link number out of range
49 EUNATCH protocol driver not attached
50 ENOCSI no CSI structure available
51 EL2HLT level 2 halted
52 EBADE invalid exchange
53 EBADR invalid request descriptor
54 EXFULL exchange full
55 ENOANO no anode
56 EBADRQC invalid request code
57 EBADSLT invalid slot
59 EBFONT bad font file format
60 ENOSTR device is not a stream
61 ENODATA no data available
62 ETIME timer expired
63 ENOSR out of streams resources
64 ENONET machine is not on the network
65 ENOPKG package not installed
66 EREMOTE object is remote
67 ENOLINK link has been severed
68 EADV advertise error
69 ESRMNT srmount error
70 ECOMM communication error on send
71 EPROTO protocol error
72 EMULTIHOP multihop attempted
73 EDOTDOT RFS specific error
74 EBADMSG bad message
75 EOVERFLOW value too large for defined data type
76 ENOTUNIQ name not unique on network
77 EBADFD file descriptor in bad state
78 EREMCHG remote address changed
79 ELIBACC cannot access a needed shared library
80 ELIBBAD shared library is corrupted
81 ELIBSCN library section is corrupted
82 ELIBMAX too many shared libraries
83 ELIBEXEC cannot execute a shared library
84 EILSEQ invalid bytes in a text
85 ERESTART interrupted system call should be restarted
86 ESTRPIPE streams pipe error
87 EUSERS too many users
88 ENOTSOCK socket operation on non-socket
89 EDESTADDRREQ destination address required
90 EMSGSIZE message too long
91 EPROTOTYPE protocol wrong type for socket
92 ENOPROTOOPT protocol not available
93 EPROTONOSUPPORT protocol not supported
94 ESOCKTNOSUPPORT socket type not supported
95 ENOTSUP operation not supported
96 EPFNOSUPPORT protocol family not supported
97 EAFNOSUPPORT address family not supported by protocol
98 EADDRINUSE address already in use
99 EADDRNOTAVAIL cannot assign requested address
100 ENETDOWN network is down
101 ENETUNREACH network is unreachable
102 ENETRESET network dropped connection on reset
103 ECONNABORTED software caused connection abort
104 ECONNRESET connection reset by peer
105 ENOBUFS no buffer space available
106 EISCONN transport endpoint is already connected
107 ENOTCONN transport endpoint is not connected
108 ESHUTDOWN cannot send after transport endpoint shutdown
109 ETOOMANYREFS too many references
110 ETIMEDOUT connection timed out
111 ECONNREFUSED connection refused
112 EHOSTDOWN host is down
113 EHOSTUNREACH no route to host
114 EALREADY operation already in progress
115 EINPROGRESS operation now in progress
116 ESTALE stale file handle
117 EUCLEAN file system structure needs cleaning
118 ENOTNAM not a XENIX named type file
119 ENAVAIL no XENIX semaphores available
120 EISNAM is a named type file
121 EREMOTEIO remote I/O error
122 EDQUOT disk quota exceeded
123 ENOMEDIUM no medium found
124 EMEDIUMTYPE wrong medium type
125 ECANCELED operation canceled
126 ENOKEY required key not available
127 EKEYEXPIRED key has expired
128 EKEYREVOKED key has been revoked
129 EKEYREJECTED key was rejected by service
130 EOWNERDEAD owner died
131 ENOTRECOVERABLE state not recoverable
132 ERFKILL radio is switched off
133 EHWPOISON memory page has a hardware error
524 ENOTSUPP operation is not supported
`;

/** Names that the kernel has twice. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  EDEADLOCK: 'EDEADLK',
  EOPNOTSUPP: 'ENOTSUP',
  EWOULDBLOCK: 'EAGAIN',
};

interface Entry {
  readonly number: number;
  readonly name: string;
  readonly words: string;
}

const ENTRIES: readonly Entry[] = TABLE.trim()
  .split('\n')
  .map((line) => {
    const [number = '', name = '', ...words] = line.split(' ');
    return { number: Number(number), name, words: words.join(' ') };
  });
const BY_NAME = new Map(ENTRIES.map((entry) => [entry.name, entry]));
const BY_NUMBER = new Map(ENTRIES.map((entry) => [entry.number, entry]));
const UNKNOWN_TO_NODE = /^Unknown system error -(\d+)$/;

/** Every error number, with the one name that is used here. */
export const ERRNO_NAMES: ReadonlyMap<number, string> = new Map(ENTRIES.map((e) => [e.number, e.name]));

/** The name of an error of the system, from the code that Node gives it: `errno 531` for a number without a name. */
export function errnoName(code: string): string {
  const number = UNKNOWN_TO_NODE.exec(code)?.[1];
  if (number === undefined) return code;
  return BY_NUMBER.get(Number(number))?.name ?? `errno ${number}`;
}

/** The name of an error from the words of the C library; null for words that are none. */
export function errnoOfWords(text: string): string | null {
  const words = text.charAt(0).toLowerCase() + text.slice(1);
  return ENTRIES.find((entry) => entry.words === words)?.name ?? null;
}

/** Whether a name is one of the system's: Node has codes of its own, for wrong arguments. */
export function isErrno(name: string): boolean {
  return BY_NAME.has(OTHER_NAMES[name] ?? name) || name.startsWith('errno ');
}

/** "EDQUOT, disk quota exceeded"; the name alone where there is nothing to add. */
export function describeErrno(name: string): string {
  const words = BY_NAME.get(OTHER_NAMES[name] ?? name)?.words;
  return words === undefined ? name : `${name}, ${words}`;
}

/**
 * What a person does about an error of the system.
 * @param lacksInodes whether an ENOSPC comes from inodes that are used up, while bytes are left
 * @param again whether the same command goes on then: a state that is not the old one says itself which one does
 */
export function hintForErrno(name: string, again: boolean, lacksInodes = false): string {
  const thenAgain = again ? ' and run the same command again' : '';
  switch (name) {
    case 'EACCES':
    case 'EPERM':
      return "Run as the node's user (or root), or repair the permissions";
    case 'EROFS':
      return 'The file system is read-only: mount it for writing, or use `plan --no-lock` to look only';
    case 'ENOSPC':
      return lacksInodes
        ? `Remove files from that file system: it has bytes left, but no inodes (\`df -i\`)${thenAgain}`
        : `Free some space on that file system${thenAgain}`;
    case 'EDQUOT':
      return `Free some space of this user on that file system, or raise the quota${thenAgain}`;
    case 'EIO':
    case 'EREMOTEIO':
    case 'EHWPOISON':
      return 'The disk reports an error: check the kernel log before anything else';
    case 'EUCLEAN':
    case 'EBADMSG':
      return 'The file system is damaged: check the kernel log, and repair it (fsck) before anything else';
    case 'EMFILE':
    case 'ENFILE':
      return `Raise the limit of open files (ulimit -n)${thenAgain}`;
    case 'ESTALE':
    case 'ENOTCONN':
    case 'ESHUTDOWN':
      return `The file system has lost its server: mount it again${thenAgain}`;
    default:
      return `Repair the cause${thenAgain}`;
  }
}
