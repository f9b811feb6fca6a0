// A small suite in the form of Kubernetes' e2e.test: the same flags, the same junit file, specs of every fate.
package suite

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/reporters"
)

var version = "v0.0.0"

var (
	kubeconfig  = flag.String("kubeconfig", "", "Path to kubeconfig.")
	kubectlPath = flag.String("kubectl-path", "kubectl", "The kubectl binary to use.")
	provider    = flag.String("provider", "", "The name of the Kubernetes provider.")
	reportDir   = flag.String("report-dir", "", "Path to the directory where the junit report goes.")
	brokenSetup = flag.Bool("broken-setup", false, "Fail in BeforeSuite.")
	showVersion = flag.Bool("version", false, "Displays version information.")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *showVersion {
		fmt.Println(version)
		os.Exit(0)
	}
	if *reportDir != "" {
		ginkgo.ReportAfterSuite("junit report", writeReport)
	}
	os.Exit(m.Run())
}

func TestSuite(t *testing.T) {
	ginkgo.RunSpecs(t, "Small e2e suite")
}

func writeReport(report ginkgo.Report) {
	file := filepath.Join(*reportDir, "junit_01.xml")
	err := reporters.GenerateJUnitReportWithConfig(report, file, reporters.JunitReportConfig{
		OmitFailureMessageAttr: true,
		OmitSpecLabels:         true,
	})
	if err != nil {
		ginkgo.Fail(err.Error())
	}
}

var _ = ginkgo.BeforeSuite(func() {
	if *brokenSetup {
		ginkgo.Fail("the cluster has no nodes")
	}
})

var attempts int

var _ = ginkgo.Describe("[sig-small] Specs", func() {
	ginkgo.It("pass [Conformance]", func() {})
	ginkgo.It("pass as well", func() {})
	ginkgo.It("fail (with a|regex.*?) [Conformance]", func() {
		ginkgo.Fail("expected one\nand got another")
	})
	ginkgo.It("panic", func() { panic("something is nil") })
	ginkgo.It("skip themselves", func() { ginkgo.Skip("no such cloud") })
	ginkgo.It("pass the second time [Flaky]", func() {
		attempts++
		if attempts == 1 {
			ginkgo.Fail("not yet")
		}
	})
	ginkgo.It("are slow [Slow]", func() { time.Sleep(1500 * time.Millisecond) })
	ginkgo.It("are labelled", ginkgo.Label("special"), func() {})
	ginkgo.PIt("are pending", func() {})
	ginkgo.It("print their surroundings [Surroundings]", func() {
		wd, _ := os.Getwd()
		fmt.Printf("kubeconfig=%s kubectl=%s provider=%s extra=%s cwd=%s\n", *kubeconfig, *kubectlPath, *provider, os.Getenv("SUITE_EXTRA"), wd)
	})
	ginkgo.It("hang until they are interrupted [Hang]", func(ctx context.Context) {
		announce()
		<-ctx.Done()
	})
	ginkgo.It("ignore interruptions [Stubborn]", func() {
		announce()
		time.Sleep(time.Hour)
	})
})

// announce leaves a file for who waits until a spec hangs.
func announce() {
	if path := os.Getenv("SUITE_HANGS"); path != "" {
		os.WriteFile(path, []byte(fmt.Sprint(os.Getpid())), 0o644)
	}
}
