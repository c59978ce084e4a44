/* What `cargo xtask bench rows` holds `ovl-fdb load --fdb-only` against: the same
 * rows, encoded beforehand, handed to the kernel as fast as that can be done. It
 * reads no table, remembers nothing and looks at no row that stands.
 *
 * rows encode TABLE.csv MESSAGES DEV: writes the requests down, once.
 * rows send MESSAGES: sends them, 128 a send, without asking for answers; what is
 *     refused is read after each send and ends it. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <fcntl.h>

#define A_SEND 128
#define BUFFER (64 * 1024)

/* One request: every one of them is as long. */
struct row {
	struct nlmsghdr head;
	struct ndmsg neigh;
	struct nlattr mac_head;
	unsigned char mac[8];
	struct nlattr dst_head;
	struct in_addr dst;
};

static void must(int good, const char *what)
{
	if (!good) {
		perror(what);
		exit(1);
	}
}

static void encode(const char *table, const char *messages, const char *dev)
{
	FILE *in = fopen(table, "r"), *out = fopen(messages, "w");
	struct row row = {
		.head = { .nlmsg_len = sizeof(row), .nlmsg_type = RTM_NEWNEIGH,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL },
		.neigh = { .ndm_family = AF_BRIDGE, .ndm_state = NUD_PERMANENT,
			   .ndm_flags = NTF_SELF | NTF_EXT_LEARNED },
		.mac_head = { .nla_len = NLA_HDRLEN + 6, .nla_type = NDA_LLADDR },
		.dst_head = { .nla_len = NLA_HDRLEN + 4, .nla_type = NDA_DST },
	};
	char line[256], dst[64];
	unsigned char *m = row.mac;

	must(in != NULL, table);
	must(out != NULL, messages);
	row.neigh.ndm_ifindex = if_nametoindex(dev);
	must(row.neigh.ndm_ifindex != 0, dev);
	while (fgets(line, sizeof(line), in)) {
		int read = sscanf(line, "%*[^,],%hhx:%hhx:%hhx:%hhx:%hhx:%hhx,%63s",
				  &m[0], &m[1], &m[2], &m[3], &m[4], &m[5], dst);
		must(read == 7 && inet_pton(AF_INET, dst, &row.dst) == 1, line);
		row.head.nlmsg_seq++;
		must(fwrite(&row, sizeof(row), 1, out) == 1, messages);
	}
	must(fclose(out) == 0, messages);
	fclose(in);
}

/* What was refused in the last send. */
static void read_refusals(int fd, char *buffer)
{
	for (;;) {
		int length = recv(fd, buffer, BUFFER, MSG_DONTWAIT);
		if (length < 0)
			return;
		struct nlmsghdr *h = (struct nlmsghdr *)buffer;
		for (; NLMSG_OK(h, length); h = NLMSG_NEXT(h, length)) {
			struct nlmsgerr *refusal = NLMSG_DATA(h);
			if (h->nlmsg_type != NLMSG_ERROR)
				continue;
			fprintf(stderr, "row %u: %s\n", h->nlmsg_seq, strerror(-refusal->error));
			exit(1);
		}
	}
}

static void send_all(const char *messages)
{
	int file = open(messages, O_RDONLY | O_CLOEXEC);
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	char *rows = malloc(A_SEND * sizeof(struct row)), *buffer = malloc(BUFFER);
	ssize_t length;

	must(file >= 0, messages);
	must(fd >= 0, "socket");
	must(rows != NULL && buffer != NULL, "malloc");
	while ((length = read(file, rows, A_SEND * sizeof(struct row))) > 0) {
		must(send(fd, rows, length, 0) == length, "send");
		read_refusals(fd, buffer);
	}
	must(length == 0, messages);
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "encode") == 0) {
		encode(argv[2], argv[3], argv[4]);
	} else if (argc == 3 && strcmp(argv[1], "send") == 0) {
		send_all(argv[2]);
	} else {
		fprintf(stderr, "rows encode TABLE.csv MESSAGES DEV, or rows send MESSAGES\n");
		return 2;
	}
	return 0;
}
