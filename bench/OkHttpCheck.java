// SPDX-License-Identifier: Apache-2.0
// OkHttp's half of the comparison in check.c: CertificatePinner.check() with the same hosts, two
// pins each, and the same certificates. Prints "HOSTS PIN NANOSECONDS", one line for each case.

import java.io.FileInputStream;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;

import okhttp3.CertificatePinner;

final class OkHttpCheck {
    private static final int ROUNDS = 9;
    private static final long WARM_UP_NS = 2_000_000_000L;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final Random random = new Random(1);
    private final List<Certificate> chain = new ArrayList<>();

    private OkHttpCheck(String dir) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        for (String name : new String[] {"leaf.der", "int.der", "root.der"}) {
            try (InputStream in = new FileInputStream(dir + "/" + name)) {
                chain.add(factory.generateCertificate(in));
            }
        }
    }

    private static String host(int index) {
        return String.format("host%06d.example.test", index);
    }

    private String otherPin() {
        byte[] digest = new byte[32];
        random.nextBytes(digest);
        return "sha256/" + Base64.getEncoder().encodeToString(digest);
    }

    /** The rules of bench_document(): every other one covers subdomains. */
    private CertificatePinner pinner(int count, int pinned) {
        CertificatePinner.Builder builder = new CertificatePinner.Builder();
        String pin = CertificatePinner.pin(chain.get(pinned));
        for (int i = 0; i < count; i++) {
            builder.add((i % 2 == 0 ? "" : "*.") + host(i), otherPin(), pin);
        }
        return builder.build();
    }

    private double nanoseconds(CertificatePinner pinner, String[] hosts, int calls)
            throws Exception {
        long start = THREADS.getCurrentThreadCpuTime();
        for (int i = 0; i < calls; i++) {
            pinner.check(hosts[i % hosts.length], chain);
        }
        return (double) (THREADS.getCurrentThreadCpuTime() - start) / calls;
    }

    private void run(int count, int pinned, String name) throws Exception {
        CertificatePinner pinner = pinner(count, pinned);
        String[] hosts = new String[1024];
        for (int i = 0; i < hosts.length; i++) {
            hosts[i] = host(random.nextInt(count / 2) * 2);
        }
        // Calls in a round: about 50 ms of the linear scan.
        int calls = (int) Math.max(100, Math.min(20_000, 5_000_000 / count));
        long start = System.nanoTime();
        while (System.nanoTime() - start < WARM_UP_NS) {
            nanoseconds(pinner, hosts, calls);
        }
        double[] rounds = new double[ROUNDS];
        for (int i = 0; i < ROUNDS; i++) {
            rounds[i] = nanoseconds(pinner, hosts, calls);
        }
        Arrays.sort(rounds);
        System.out.printf("%d %s %.1f%n", count, name, rounds[ROUNDS / 2]);
    }

    public static void main(String[] args) throws Exception {
        OkHttpCheck check = new OkHttpCheck(args[0]);
        for (int count : new int[] {10, 1_000, 100_000}) {
            check.run(count, 0, "leaf");
            check.run(count, 2, "root");
        }
    }
}
