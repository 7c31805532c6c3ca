// Decodes the manifests on standard input against the types of the Kubernetes API, the Gateway API and the Prometheus
// operator, and the messages of kubelet's credential providers. A field that a type does not have, a field that is set twice, and an unknown kind are errors. It prints one
// line for each document, such as "apps/v1 Deployment fairlead". Pods that the Restricted profile of the Pod Security
// Standards forbids are errors.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	rbac "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/yaml"
	credentials "k8s.io/kubelet/pkg/apis/credentialprovider/v1"
	podsecurity "k8s.io/pod-security-admission/api"
	standards "k8s.io/pod-security-admission/policy"
	gateway "sigs.k8s.io/gateway-api/apis/v1"
)

func main() {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		apps.AddToScheme, autoscaling.AddToScheme, batch.AddToScheme, core.AddToScheme, networking.AddToScheme,
		policy.AddToScheme, rbac.AddToScheme, gateway.Install, monitoring.AddToScheme,
		credentials.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			fail("the types cannot be registered", err)
		}
	}
	decoder := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, json.SerializerOptions{Yaml: true, Strict: true})
	reader := yaml.NewYAMLReader(bufio.NewReader(os.Stdin))
	bad := false
	for number := 1; ; number++ {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			fail("standard input cannot be read", err)
		}
		if isEmpty(document) {
			continue
		}
		object, kind, err := decoder.Decode(document, nil, nil)
		if err != nil {
			fmt.Fprintf(os.Stderr, "document %d: %v\n", number, err)
			bad = true
			continue
		}
		// The messages between kubelet and a credential provider are no objects of the API, and have no name.
		if kind.Group == credentials.GroupName {
			fmt.Printf("%s %s\n", kind.GroupVersion(), kind.Kind)
			continue
		}
		name, err := meta.NewAccessor().Name(object)
		if err != nil {
			fail("a document has no metadata", err)
		}
		if reason := forbidden(object); reason != "" {
			fmt.Fprintf(os.Stderr, "document %d: %s %s: %s\n", number, kind.Kind, name, reason)
			bad = true
		}
		fmt.Printf("%s %s %s\n", kind.GroupVersion(), kind.Kind, name)
	}
	if bad {
		os.Exit(1)
	}
}

// forbidden returns what the Restricted profile forbids of the pods of an object.
func forbidden(object runtime.Object) string {
	var pod core.PodTemplateSpec
	switch typed := object.(type) {
	case *apps.Deployment:
		pod = typed.Spec.Template
	case *core.Pod:
		pod = core.PodTemplateSpec{ObjectMeta: typed.ObjectMeta, Spec: typed.Spec}
	default:
		return ""
	}
	evaluator, err := standards.NewEvaluator(standards.DefaultChecks(), nil)
	if err != nil {
		fail("the Pod Security Standards cannot be evaluated", err)
	}
	profile := podsecurity.LevelVersion{Level: podsecurity.LevelRestricted, Version: podsecurity.LatestVersion()}
	result := standards.AggregateCheckResults(evaluator.EvaluatePod(profile, &pod.ObjectMeta, &pod.Spec))
	if result.Allowed {
		return ""
	}
	return result.ForbiddenDetail()
}

// isEmpty reports whether a document has comments and blank lines only.
func isEmpty(document []byte) bool {
	var value any
	return yaml.Unmarshal(document, &value) == nil && value == nil
}

func fail(what string, err error) {
	fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
	os.Exit(2)
}
